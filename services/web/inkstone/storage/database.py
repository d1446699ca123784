"""The pool of connections, and what runs on one.

aiomysql's own pool loses wake-ups when a waiter is cancelled, and its slow connects hold up everybody else,
hence this one: a semaphore admits as many as there may be connections, and whoever is admitted takes an idle
connection or opens one.
"""

import asyncio
import contextlib
import logging
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import CodeType

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Busy, Unavailable
from inkstone.logs.trail import TRAIL
from inkstone.metrics.catalogue import Metrics
from inkstone.storage.driver import Duplicate, Link, Lost, Row, ServerError, Value
from inkstone.storage.figures import Queries, Query, Usage

__all__ = ["PRIMARY", "Connection", "Database", "Duplicate", "Row", "ServerError", "Value"]

log = logging.getLogger(__name__)

PRIMARY = "primary"

# With the limits on connecting and on a statement below 5 s: a reader gets an answer, or is told that there is none.
ACQUIRE_SECONDS = 1.0
_REFILL_SECONDS = 1.0
# What one waits for somebody else's attempt to reach a database that was away: one that is there answers sooner.
_ATTEMPT_SECONDS = 0.3


class Connection:
    """What storage functions are given; autocommits unless it was handed out by `Database.transaction`."""

    def __init__(self, link: Link, reopen: Callable[[], Awaitable[Link]], queries: Queries) -> None:
        self.link = link
        self._reopen = reopen
        self._queries = queries
        self._in_transaction = False
        self._savepoints = 0

    async def one(self, sql: str, *args: Value) -> Row | None:
        """The first row, if there is one."""
        rows = await self._all(sys._getframe(1).f_code, sql, args)
        return rows[0] if rows else None

    async def all(self, sql: str, *args: Value) -> Sequence[Row]:
        """Every row. A SELECT outside a transaction that finds its connection lost is tried once more on a new one."""
        return await self._all(sys._getframe(1).f_code, sql, args)

    async def run(self, sql: str, *args: Value) -> int:
        """Change something; answers how many rows matched (an UPDATE that changes nothing counts what it found).

        Raises Duplicate when a UNIQUE key refuses a row, and Unavailable when it can't be known whether it ran.
        """
        return (await self._run(sys._getframe(1).f_code, sql, args))[1]

    async def begin(self) -> None:
        """Start a transaction; a connection that turns out to be lost is replaced: nothing has happened on it yet."""
        await self._all(sys._getframe(0).f_code, "START TRANSACTION", ())
        self._in_transaction = True

    async def commit(self) -> None:
        await self.run("COMMIT")

    async def roll_back(self) -> None:
        """Undo the transaction; where even that fails, hanging up does it."""
        try:
            if not self.link.closed:
                await self.run("ROLLBACK")
        except Exception:
            self.link.close()

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone alone, and the transaction around it goes on; may be nested."""
        self._savepoints += 1
        name = f"part{self._savepoints}"
        await self.run(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            if not self.link.closed:
                # The victim of a deadlock has no savepoint left: the server has undone its whole transaction.
                with contextlib.suppress(ServerError):
                    await self.run(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        await self.run(f"RELEASE SAVEPOINT {name}")

    async def _all(self, asker: CodeType, sql: str, args: Sequence[Value]) -> Sequence[Row]:
        if not self._in_transaction:
            try:
                return (await self._timed(asker, sql, args))[0]
            except Lost:
                self.link = await self._reopen()
        return (await self._run(asker, sql, args))[0]

    async def _run(self, asker: CodeType, sql: str, args: Sequence[Value]) -> tuple[Sequence[Row], int]:
        try:
            return await self._timed(asker, sql, args)
        except Lost as lost:
            raise _gone(lost) from lost

    async def _timed(self, asker: CodeType, sql: str, args: Sequence[Value]) -> tuple[Sequence[Row], int]:
        started = time.perf_counter()
        try:
            return await self.link.run(sql, args)
        finally:
            self._note(self._queries[asker.co_filename, asker.co_name], started, time.perf_counter())

    def _note(self, query: Query, started: float, ended: float) -> None:
        query.times.add(ended - started)
        if trail := TRAIL.get():
            trail.asked(query.name, started, ended)


class Database:
    """At most `size` connections to one database; opened when needed, and ahead of need by `keep_filled`.

    `name` is what the log calls it, and `role` what `metrics` do.
    """

    def __init__(
        self,
        address: DatabaseAddress,
        size: int,
        name: str = "the database",
        *,
        role: str = PRIMARY,
        metrics: Metrics | None = None,
    ) -> None:
        self._address = address
        self._name = name
        self._role = role
        self._metrics = metrics or Metrics()
        self._queries = Queries(self._metrics)
        self._waits = self._metrics.pool_waits.by[role,]
        self._metrics.pool_refusals.by[role,] += 0
        self._size = size
        self._admitted = asyncio.Semaphore(size)
        self._idle: deque[Link] = deque()
        self._borrowed = 0
        self._reachable = True
        self._heard = 0.0
        self._attempted = asyncio.Event()
        self._attempted.set()

    @property
    def usage(self) -> Usage:
        return Usage(self._size, self._borrowed, len(self._idle), self._reachable)

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reading, or for one statement that writes; raises Unavailable after ACQUIRE_SECONDS."""
        async with self._admission():
            db = Connection(self._take_idle() or await self._open(), self._reopen, self._queries)
            try:
                yield db
            finally:
                self._give_back(db.link)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection whose work is committed at the end, or rolled back when anything is raised inside."""
        async with self.connection() as db:
            await db.begin()
            try:
                yield db
            except BaseException:
                await db.roll_back()
                raise
            await db.commit()

    async def keep_filled(self) -> None:
        """Keep `size` young connections, trying again while the database is away; to run as a task until cancelled."""
        while True:
            try:
                await self._fill()
            except Unavailable:
                log.debug("no connection ahead of need: the database is away or busy")
            except Exception:  # whatever it is: somebody has to go on filling
                log.exception("%s can't be connected to ahead of need", self._name)
            await asyncio.sleep(_REFILL_SECONDS)

    async def _fill(self) -> None:
        for link in [link for link in self._idle if not link.usable]:
            self._idle.remove(link)
            link.close()
        while len(self._idle) + self._borrowed < self._size:
            async with self._admission():
                self._idle.appendleft(await self._open())

    async def close(self) -> None:
        """Hang up; connections that are still borrowed are closed when they come back."""
        self._size = 0
        while self._idle:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1):
                    await self._idle.pop().say_goodbye()

    @contextlib.asynccontextmanager
    async def _admission(self) -> AsyncIterator[None]:
        try:
            if self._admitted.locked():
                await self._wait()
            else:
                await self._admitted.acquire()  # at once, and without the cost of a time limit
        except TimeoutError as error:
            self._metrics.pool_refusals.by[self._role,] += 1
            raise self._full() from error
        self._borrowed += 1
        try:
            yield
        finally:
            self._borrowed -= 1
            self._admitted.release()

    async def _wait(self) -> None:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._admitted.acquire()
        finally:
            self._waits.add(time.perf_counter() - started)

    def _full(self) -> Unavailable:
        """Why there was no connection: too many want one, or those who have one wait for a server that says nothing."""
        if time.monotonic() - self._heard < ACQUIRE_SECONDS:
            return Busy("Too many requests wait for the database.")
        return Unavailable("The database takes too long to answer.")

    def _take_idle(self) -> Link | None:
        """The youngest first, so that what isn't needed grows old and is closed."""
        while self._idle:
            link = self._idle.pop()
            if link.usable:
                return link
            link.close()
        return None

    def _give_back(self, link: Link) -> None:
        if link.closed:
            # It ran out of time or lost its server. Where that has fallen silent, each idle one would cost as much.
            self._drop_idle()
            return
        self._heard = time.monotonic()
        if self._size and link.usable:
            self._idle.append(link)
        else:
            link.close()

    async def _reopen(self) -> Link:
        """A new connection in place of a lost one; the idle ones are as old, and probably lost with it."""
        self._drop_idle()
        return await self._open()

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _open(self) -> Link:
        """A new connection. While the database is away one at a time tries, and nobody else waits as long."""
        if not self._reachable and not self._attempted.is_set():
            await self._heed_attempt()
        self._attempted.clear()
        try:
            link = await Link.open(self._address)
        except OSError as error:
            if self._reachable:
                log.warning("%s can't be reached: %s", self._name, error)
            self._reachable = False
            raise _away() from error
        finally:
            self._attempted.set()
        if not self._reachable:
            log.warning("%s is back", self._name)
        self._reachable = True
        return link

    async def _heed_attempt(self) -> None:
        """Go by what comes of the attempt that somebody else makes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ATTEMPT_SECONDS):
                await self._attempted.wait()
        if not self._reachable:
            raise _away()


def _away() -> Unavailable:
    return Unavailable("The database can't be reached.")


def _gone(lost: Lost) -> Unavailable:
    log.info("a connection to the database was lost: %s", lost)
    return Unavailable("The connection to the database was lost.")
