"""Those who write take turns: however many come at once, those who read find a connection and the processor free.

A turn is a whole request, from finding out who is signed in to the answer. Bodies come quickly: nginx hands a request
over when it has all of it.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from inkstone.domain.errors import Busy, Unavailable
from inkstone.keys import SETTINGS

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

# Half of the connections are never anybody's who writes.
_PART = 2
# Less than nginx waits for an answer (proxy_read_timeout).
PATIENCE = 20.0
# Nobody is to wait for more than 5 s for a database that says nothing: time is left for a turn that comes just then.
STANDSTILL = 2.0


class Turns:
    """So many at a time; the others wait in the order in which they came, for as long as the line moves on.

    It moves when somebody is done, and not when the database was away for them.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._line: deque[asyncio.Future[None]] = deque()
        self._moved = 0.0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and take it; raises Busy where none comes."""
        if self._free:
            self._free -= 1
        else:
            await self._wait()
        moved = True
        try:
            yield
        except Unavailable:
            moved = False
            raise
        finally:
            if moved:
                self._moved = asyncio.get_running_loop().time()
            self._pass_on()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        place = loop.create_future()
        self._line.append(place)
        try:
            while not place.done():
                self._check_patience(loop.time(), began)
                await asyncio.wait([place], timeout=STANDSTILL)
        except BaseException:
            # Cancelled, perhaps just when it was given the turn.
            if not place.cancel():
                self._pass_on()
            raise

    def _check_patience(self, now: float, began: float) -> None:
        if now - began >= PATIENCE or now - max(began, self._moved) >= STANDSTILL:
            raise Busy("Too many want to write at the same time.")

    def _pass_on(self) -> None:
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


_TURNS = web.AppKey("turns", Turns)


def setup(app: web.Application) -> None:
    app[_TURNS] = Turns(max(1, app[SETTINGS].database_pool_size // _PART))


@web.middleware
async def in_turn(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let those who write wait for their turn."""
    if request.method in SAFE_METHODS:
        return await handler(request)
    async with request.app[_TURNS].turn():
        return await handler(request)
