"""A replica that is told to stop sends readers to the others first, so that nothing is under way when it ends.

With SIGTERM alone, what nginx sends along a connection that is just being closed would be lost, and a POST is not sent
twice. So for a while reads get 502, which nginx asks another replica for; it then leaves this one alone, also with what
changes something, and that is still served. Not 503: that says the database is away, and another replica has no other.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from inkstone.keys import SETTINGS

LEAVING = web.AppKey("leaving", asyncio.Event)

_READS = {"GET", "HEAD"}
# Whoever asks whether the process lives must not kill it for saying no; what it has counted, it can still tell.
_STILL_READ = {"/healthz", "/metrics"}


def setup(app: web.Application) -> None:
    """Drain after SIGTERM, where the settings say for how long."""
    if app[SETTINGS].drain_seconds:
        app[LEAVING] = asyncio.Event()
        app.middlewares.insert(0, _send_elsewhere)
        app.cleanup_ctx.append(_at_sigterm)


async def _at_sigterm(app: web.Application) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()

    def leave() -> None:
        app[LEAVING].set()
        # To gunicorn's worker this is what SIGTERM was: finish what is under way, and end.
        loop.call_later(app[SETTINGS].drain_seconds, os.kill, os.getpid(), signal.SIGQUIT)

    loop.add_signal_handler(signal.SIGTERM, leave)
    yield


@web.middleware
async def _send_elsewhere(request: web.Request, handler: Handler) -> web.StreamResponse:
    if not request.app[LEAVING].is_set():
        return await handler(request)
    if request.method in _READS and request.path not in _STILL_READ:
        headers = {"Cache-Control": "no-store", "Retry-After": str(request.app[SETTINGS].drain_seconds)}
        response: web.StreamResponse = web.Response(
            status=502, text="This replica is being stopped.\n", headers=headers
        )
    else:
        response = await handler(request)
    response.force_close()
    return response
