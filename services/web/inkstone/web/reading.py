"""Where a request reads: who is not signed in may be answered from a replica of the database."""

import asyncio
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from inkstone.domain.errors import Busy, Unavailable
from inkstone.keys import DATABASE, REPLICA, SETTINGS
from inkstone.storage.database import Database, ServerError
from inkstone.web import sessions

log = logging.getLogger(__name__)

_SOURCE = web.RequestKey("source", Database)
_READS = {"GET", "HEAD"}
# For one after the other: whoever reads is told within 5 seconds that both say nothing.
_SECONDS_FOR_BOTH = 4.5


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
    deadline = asyncio.get_running_loop().time() + _SECONDS_FOR_BOTH
    try:
        return await handler(request)
    except Busy:
        raise  # what is too much for the replica must not come down on the primary
    except Unavailable as error:
        replica.leave_aside(str(error))
    except ServerError as error:
        log.warning("the database's replica has failed, and the primary is asked: %s", error)
    request[_SOURCE] = request.app[DATABASE]
    try:
        async with asyncio.timeout_at(deadline):
            return await handler(request)
    except TimeoutError as error:
        raise Unavailable("The database takes too long to answer.") from error
