"""Where a request reads: who is not signed in may be answered from a replica of the database."""

from aiohttp import web
from aiohttp.typedefs import Handler

from inkstone.domain.errors import Busy, Unavailable
from inkstone.keys import DATABASE, REPLICA, SETTINGS
from inkstone.storage.database import Database
from inkstone.web import sessions

_SOURCE = web.RequestKey("source", Database)
_READS = {"GET", "HEAD"}


def database(request: web.Request) -> Database:
    """For handlers that change nothing. Whoever has signed in reads from the primary, and so sees what they wrote."""
    return request[_SOURCE] if _SOURCE in request else request.app[DATABASE]


def setup(app: web.Application) -> None:
    """Read from the replica, where there is one."""
    if app[SETTINGS].read_database_url:
        app.middlewares.append(_choose)


@web.middleware
async def _choose(request: web.Request, handler: Handler) -> web.StreamResponse:
    replica = request.app[REPLICA]
    if not replica.usable or request.method not in _READS or sessions.has_cookie(request):
        return await handler(request)
    request[_SOURCE] = replica.database
    try:
        return await handler(request)
    except Busy:
        raise  # what is too much for the replica must not come down on the primary
    except Unavailable as error:
        replica.leave_aside(str(error))
        request[_SOURCE] = request.app[DATABASE]
        return await handler(request)
