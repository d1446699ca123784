"""The pool of connections and what runs on one; nothing else in Inkstone names the driver.

aiomysql's own pool loses wake-ups when a waiter is cancelled, and its slow connects hold up everybody else,
hence this one: a semaphore admits as many as there may be connections, and whoever is admitted takes an idle
connection or opens one.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import aiomysql
import pymysql
from pymysql.constants import CLIENT, CR, ER, FIELD_TYPE
from pymysql.converters import conversions

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Unavailable

log = logging.getLogger(__name__)

Row = tuple[Any, ...]
Value = str | bytes | int | float | datetime | None

# Together below 5 s: a reader gets an answer, or is told that there is none, before that.
ACQUIRE_SECONDS = 1.0
CONNECT_SECONDS = 1.5
STATEMENT_SECONDS = 3.0
# Shorter than the server's wait_timeout (8 hours by default, minutes on some hosts),
# so that we never pick up a connection that the server has hung up on.
RECYCLE_SECONDS = 240.0
_REFILL_SECONDS = 1.0

# Error 4031: the server closed an idle connection and said why (MySQL 8.0.24 and newer).
_CLIENT_INTERACTION_TIMEOUT = 4031
_LOST = {CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_COMMANDS_OUT_OF_SYNC, _CLIENT_INTERACTION_TIMEOUT}
_MAX_STATEMENT_TIME = {1969, 3024}  # MariaDB's number and MySQL's
_BUSY = {ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT, ER.SERVER_SHUTDOWN, ER.QUERY_INTERRUPTED, *_MAX_STATEMENT_TIME}
_REFUSES_WRITES = {ER.DISK_FULL, ER.RECORD_FILE_FULL, ER.OPTION_PREVENTS_STATEMENT, 1836}  # 1836: read-only mode
# An ASCII column (ids, e-mails) is compared with text that has other characters in it.
_INCOMPARABLE = {1267, 3854}  # MariaDB's number and MySQL's
_MISSING_SCHEMA = {ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR, ER.BAD_DB_ERROR}

# Both servers read the first comment as they should: MariaDB alone knows /*M!, and skips MySQL's /*!80000.
# The limits are the server's side of STATEMENT_SECONDS, for statements whose client has gone.
_SESSION = (
    "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY'"
    " /*M!100108 , max_statement_time = 10 */ /*!80000 , max_execution_time = 10000 */"
)
_ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"


class Duplicate(Exception):
    """A UNIQUE key refused a row; `key` is the key's name."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _Lost(Exception):
    """The connection broke; whether the statement ran can't be known."""


def _code(error: pymysql.err.Error) -> object:
    return error.args[0] if error.args else None


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_CONVERSIONS = {**conversions, FIELD_TYPE.DATETIME: _utc}


class _Link:
    """One connection to the server and when it was opened."""

    def __init__(self, raw: aiomysql.Connection) -> None:
        self.raw = raw
        self.opened = time.monotonic()

    @property
    def usable(self) -> bool:
        reader = self.raw._reader  # aiomysql has no other way to see that the server has closed its end
        return (
            not self.raw.closed
            and reader is not None
            and not reader.at_eof()
            and reader.exception() is None
            and time.monotonic() - self.opened < RECYCLE_SECONDS
        )

    async def run(self, sql: str, args: Sequence[Value]) -> tuple[Sequence[Row], int]:
        """Run one statement; answers the rows and how many it found or changed.

        A statement that is cancelled, runs out of time or loses its server leaves the link in an unknown state: it
        closes it, for nothing may run on it again.
        """
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                cursor = await self.raw.cursor()
                count = await cursor.execute(sql, args)
                return await cursor.fetchall(), count
        except pymysql.err.Error as error:
            if _code(error) in _INCOMPARABLE:
                return (), 0  # nothing equals it
            raise self._named(error) from error
        except TimeoutError as error:
            self.raw.close()
            raise Unavailable("The database takes too long to answer.") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            self.raw.close()
            raise _Lost(str(error)) from error
        except BaseException:
            self.raw.close()
            raise

    def _named(self, error: pymysql.err.Error) -> Exception:
        code = _code(error)
        if code == ER.DUP_ENTRY:
            return Duplicate(str(error.args[1]).rsplit("'", 2)[-2].rpartition(".")[2])
        if code in _BUSY:
            return Unavailable("The database is busy.")
        if code in _REFUSES_WRITES:
            log.error("the database takes no writes: %s", error)
            return Unavailable("The database can't save anything at the moment.")
        if code in _MISSING_SCHEMA:
            return Unavailable("The database's schema is not ready: run `inkstone migrate`.")
        if code in _LOST or isinstance(error, pymysql.err.InterfaceError):
            self.raw.close()
            return _Lost(str(error))
        return error


class Connection:
    """What storage functions are given; autocommits unless it was handed out by `Database.transaction`."""

    def __init__(self, link: _Link, reopen: Callable[[], Awaitable[_Link]]) -> None:
        self.link = link
        self._reopen = reopen
        self._in_transaction = False

    async def one(self, sql: str, *args: Value) -> Row | None:
        """The first row, if there is one."""
        rows = await self.all(sql, *args)
        return rows[0] if rows else None

    async def all(self, sql: str, *args: Value) -> Sequence[Row]:
        """Every row. A SELECT outside a transaction that finds its connection lost is tried once more on a new one."""
        try:
            return (await self.link.run(sql, args))[0]
        except _Lost as lost:
            if self._in_transaction:
                raise _gone(lost) from lost
        self.link = await self._reopen()
        return (await self._run(sql, args))[0]

    async def run(self, sql: str, *args: Value) -> int:
        """Change something; answers how many rows matched (an UPDATE that changes nothing counts what it found).

        Raises Duplicate when a UNIQUE key refuses a row, and Unavailable when it can't be known whether it ran.
        """
        return (await self._run(sql, args))[1]

    async def begin(self) -> None:
        """Start a transaction; a connection that turns out to be lost is replaced: nothing has happened on it yet."""
        try:
            await self.link.run("START TRANSACTION", ())
        except _Lost:
            self.link = await self._reopen()
            await self._run("START TRANSACTION", ())
        self._in_transaction = True

    async def commit(self) -> None:
        await self.run("COMMIT")

    async def roll_back(self) -> None:
        """Undo the transaction; where even that fails, hanging up does it."""
        try:
            if not self.link.raw.closed:
                await self.run("ROLLBACK")
        except Exception:
            self.link.raw.close()

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What fails inside is undone alone, and the transaction around it goes on."""
        await self.run("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if not self.link.raw.closed:
                # The victim of a deadlock has no savepoint left: the server has undone its whole transaction.
                with contextlib.suppress(pymysql.err.OperationalError):
                    await self.run("ROLLBACK TO SAVEPOINT part")
            raise
        await self.run("RELEASE SAVEPOINT part")

    async def _run(self, sql: str, args: Sequence[Value]) -> tuple[Sequence[Row], int]:
        try:
            return await self.link.run(sql, args)
        except _Lost as lost:
            raise _gone(lost) from lost


class Database:
    """At most `size` connections to one database; opened when needed, and ahead of need by `keep_filled`."""

    def __init__(self, address: DatabaseAddress, size: int) -> None:
        self._address = address
        self._size = size
        self._admitted = asyncio.Semaphore(size)
        self._idle: deque[_Link] = deque()
        self._borrowed = 0
        self._reachable = True

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reading, or for one statement that writes; raises Unavailable after ACQUIRE_SECONDS."""
        async with self._admission():
            db = Connection(self._take_idle() or await self._open(), self._reopen)
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
            while self._idle and not self._idle[0].usable:
                self._idle.popleft().raw.close()
            try:
                while len(self._idle) + self._borrowed < self._size:
                    async with self._admission():
                        self._idle.appendleft(await self._open())
            except Unavailable:
                log.debug("no connection ahead of need: the database is away or busy")
            await asyncio.sleep(_REFILL_SECONDS)

    async def close(self) -> None:
        """Hang up; connections that are still borrowed are closed when they come back."""
        self._size = 0
        while self._idle:
            with contextlib.suppress(OSError, TimeoutError, pymysql.err.Error):
                async with asyncio.timeout(1):
                    await self._idle.pop().raw.ensure_closed()

    @contextlib.asynccontextmanager
    async def _admission(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                await self._admitted.acquire()
        except TimeoutError as error:
            raise Unavailable("Too many requests wait for the database.") from error
        self._borrowed += 1
        try:
            yield
        finally:
            self._borrowed -= 1
            self._admitted.release()

    def _take_idle(self) -> _Link | None:
        """The youngest first, so that what isn't needed grows old and is closed."""
        while self._idle:
            link = self._idle.pop()
            if link.usable:
                return link
            link.raw.close()
        return None

    def _give_back(self, link: _Link) -> None:
        if self._size and link.usable:
            self._idle.append(link)
        else:
            link.raw.close()

    async def _reopen(self) -> _Link:
        """A new connection in place of a lost one; the idle ones are as old, and probably lost with it."""
        while self._idle:
            self._idle.pop().raw.close()
        return await self._open()

    async def _open(self) -> _Link:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                link = _Link(await self._connect())
                await link.run(_ISOLATION, ())
        except (pymysql.err.Error, OSError, TimeoutError, asyncio.IncompleteReadError, _Lost) as error:
            if self._reachable:
                log.warning("the database can't be reached: %s", error or "it does not answer in time")
            self._reachable = False
            raise Unavailable("The database can't be reached.") from error
        if not self._reachable:
            log.warning("the database is back")
        self._reachable = True
        return link

    async def _connect(self) -> aiomysql.Connection:
        return await aiomysql.connect(
            host=self._address.host,
            port=self._address.port,
            user=self._address.user,
            password=self._address.password,
            db=self._address.name,
            unix_socket=self._address.unix_socket,
            charset="utf8mb4",
            connect_timeout=CONNECT_SECONDS,
            autocommit=True,
            init_command=_SESSION,
            client_flag=CLIENT.FOUND_ROWS,
            conv=_CONVERSIONS,
        )


def _gone(lost: _Lost) -> Unavailable:
    log.info("a connection to the database was lost: %s", lost)
    return Unavailable("The connection to the database was lost.")
