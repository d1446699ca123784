"""The application with a detector that raises on a blocking call inside the event loop."""

import time
from pathlib import Path

from aiohttp import web
from blockbuster import BlockBuster

from inkstone import app


async def application() -> web.Application:
    """What the tests' gunicorn serves."""
    made = await app.application()
    # After the start, which may read files.
    made.on_startup.append(_watch)
    return made


async def planted() -> web.Application:
    """The same with two handlers that block."""
    made = await application()
    made.router.add_get("/planted/sleep", _sleep)
    made.router.add_get("/planted/read", _read)
    return made


async def _watch(_: web.Application) -> None:
    detector = BlockBuster()
    # coverage's tracer waits for another thread with a file that is new to both; an error there comes out of any line.
    detector.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", {"lock_data"})
    # The tests' log is a file; a pipe it would not wait for (tests/logs).
    detector.functions["os.write"].can_block_in("inkstone/logs/journal.py", {"_write"})
    detector.activate()


async def _sleep(_: web.Request) -> web.Response:
    time.sleep(0.01)  # noqa: ASYNC251 - the very thing to be caught
    return web.Response()


async def _read(_: web.Request) -> web.Response:
    return web.Response(text=Path(__file__).read_text())  # noqa: ASYNC240 - the very thing to be caught
