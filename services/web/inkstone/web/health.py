"""Alive asks nobody, ready asks the database."""

import logging

from aiohttp import web

from inkstone.domain.errors import Unavailable
from inkstone.keys import DATABASE, REPLICA
from inkstone.storage import schema

log = logging.getLogger(__name__)


class Readiness:
    """What keeps readers away, said in the log when it begins and when it ends."""

    def __init__(self) -> None:
        self._reason = ""

    def note(self, reason: str) -> None:
        """Take down why it is not ready; nothing where it is."""
        if reason != self._reason:
            log.warning("%s", f"not ready: {reason}" if reason else "ready")
        self._reason = reason


READINESS = web.AppKey("readiness", Readiness)


def setup(app: web.Application) -> None:
    """Remember what was said."""
    app[READINESS] = Readiness()


async def alive(request: web.Request) -> web.Response:
    """GET /healthz: 200 as long as the process answers."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: 200 when the database has the schema, or readers can be served from a replica; else 503."""
    try:
        async with request.app[DATABASE].connection() as db:
            await schema.check(db)
    except Unavailable as error:
        if REPLICA not in request.app or not request.app[REPLICA].usable:
            request.app[READINESS].note(str(error))
            raise
    request.app[READINESS].note("")
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})
