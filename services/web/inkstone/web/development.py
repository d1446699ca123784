"""In development only: pages that load themselves anew when the application has been changed."""

import asyncio
from contextlib import suppress
from importlib import resources

from aiohttp import web

from inkstone.web.render import RELEASE

_SCRIPT = web.AppKey("development_script", bytes)
_ENDING = web.AppKey("development_ending", asyncio.Event)

# How soon a browser comes again after the end, in milliseconds.
_RETRY_MS = 200
# Shorter than nginx waits for a word.
_SIGN_OF_LIFE_SECONDS = 15
_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would keep what is told until there is more of it
}


def setup(app: web.Application) -> None:
    """Have the script, and end what pages listen to when the application ends."""
    app[_SCRIPT] = (resources.files("inkstone.web") / "development.js").read_bytes()
    app[_ENDING] = asyncio.Event()
    app.on_shutdown.append(_end)


async def _end(app: web.Application) -> None:
    app[_ENDING].set()


async def script(request: web.Request) -> web.Response:
    """GET /development/page.js"""
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=request.app[_SCRIPT], content_type="text/javascript", charset="utf-8", headers=headers)


async def changes(request: web.Request) -> web.StreamResponse:
    """GET /development/changes: which release answers, told once; who is cut off asks again, and hears of the next."""
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    with suppress(ConnectionResetError):  # the page was left
        await response.write(f"retry: {_RETRY_MS}\nevent: release\ndata: {request.app[RELEASE]}\n\n".encode())
        while not await _ends(request.app[_ENDING]):
            await response.write(b": still here\n\n")
    return response


async def _ends(ending: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        return await asyncio.wait_for(ending.wait(), _SIGN_OF_LIFE_SECONDS)
    return False
