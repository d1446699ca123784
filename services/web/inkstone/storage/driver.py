"""One connection to the server: the only module that names the driver, and where its errors become ours."""

import asyncio
import logging
import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import aiomysql
import pymysql
from pymysql.constants import CLIENT, CR, ER, FIELD_TYPE, SERVER_STATUS
from pymysql.converters import conversions
from pymysql.protocol import FieldDescriptorPacket, MysqlPacket

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import TooSlow, Unavailable

log = logging.getLogger(__name__)

Row = tuple[Any, ...]
Value = str | bytes | int | float | datetime | None

CONNECT_SECONDS = 1.5
STATEMENT_SECONDS = 2.5
# Shorter than the server's wait_timeout (8 hours by default, minutes on some hosts),
# so that we never pick up a connection that the server has hung up on.
RECYCLE_SECONDS = 240.0

# Error 4031: the server closed an idle connection and said why (MySQL 8.0.24 and newer).
_CLIENT_INTERACTION_TIMEOUT = 4031
_LOST = {CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_COMMANDS_OUT_OF_SYNC, _CLIENT_INTERACTION_TIMEOUT}
_MAX_STATEMENT_TIME = {1969, 3024}  # MariaDB's number and MySQL's
_BUSY = {ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT, ER.SERVER_SHUTDOWN, ER.QUERY_INTERRUPTED, *_MAX_STATEMENT_TIME}
_REFUSES_WRITES = {ER.OPTION_PREVENTS_STATEMENT, 1836}  # 1836: read-only mode
_DISK_FULL = {ER.DISK_FULL, ER.RECORD_FILE_FULL}
# In the text of errors that have other reasons too: of a temporary file, of a storage engine, at COMMIT.
_NO_SPACE = "No space left on device"
# An ASCII column (ids, e-mails) is compared with text that has other characters in it.
_INCOMPARABLE = {1267, 3854}  # MariaDB's number and MySQL's
_MISSING_SCHEMA = {ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR, ER.BAD_DB_ERROR}

# Both servers read the first comment as they should: MariaDB alone knows /*M!, and skips MySQL's /*!80000.
# The limits are the server's side of STATEMENT_SECONDS, for statements whose client has gone.
# A server that never hears that its client has gone keeps what that one had locked until wait_timeout.
_SESSION = (
    f"SET wait_timeout = {RECYCLE_SECONDS + 60:.0f}, time_zone = '+00:00', sql_mode = 'TRADITIONAL,ONLY_FULL_GROUP_BY'"
    " /*M!100108 , max_statement_time = 10 */ /*!80000 , max_execution_time = 10000 */"
)
_ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"


NO_TLS = "the server offers no TLS"

ServerError = pymysql.err.OperationalError
"""What the server says that has no name of ours."""


class Duplicate(Exception):
    """A UNIQUE key refused a row; `key` is the key's name."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Lost(Exception):
    """The connection broke; whether the statement ran can't be known."""


def _code(error: pymysql.err.Error) -> object:
    return error.args[0] if error.args else None


def _without_values(error: pymysql.err.Error) -> pymysql.err.Error:
    """The same error; of a statement that makes no sense the server repeats the end, with values in it."""
    if _code(error) == ER.PARSE_ERROR:
        error.args = (ER.PARSE_ERROR, str(error.args[1]).partition(" near ")[0])
    return error


def _disk_is_full(error: pymysql.err.Error) -> bool:
    return _code(error) in _DISK_FULL or _NO_SPACE in str(error)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


_CONVERSIONS = {**conversions, FIELD_TYPE.DATETIME: _utc}


@lru_cache(maxsize=1024)
def _field(data: bytes, encoding: str) -> FieldDescriptorPacket:
    return FieldDescriptorPacket(data, encoding)


class _Raw(aiomysql.Connection):  # type: ignore[misc]  # aiomysql has no types
    """aiomysql's connection, with a shorter way for the many small packets of a result.

    Taking what has arrived straight from the buffer, and knowing a column's description again, saves a third of the
    time that a page spends in the driver (`make bench`, origin).
    """

    _next_seq_id: int
    _result: Any

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        if self._ssl_context and not self.server_capabilities & CLIENT.SSL:
            # aiomysql would go on without, and so would who stands between.
            raise pymysql.err.OperationalError(CR.CR_SSL_CONNECTION_ERROR, NO_TLS)

    def escape(self, obj: Value) -> str:
        if isinstance(obj, bytes):
            return f"_binary'{self.escape_string(obj.decode('ascii', 'surrogateescape'))}'"
        return str(super().escape(obj))

    def escape_string(self, s: str) -> str:
        """What PyMySQL's makes of it (tests compare them), by looking for what occurs and not at each character."""
        if self.server_status & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES:
            return str(super().escape_string(s))
        for character, escaped in _ESCAPES:
            s = s.replace(character, escaped)
        return s

    async def ask(self, sql: str, args: Sequence[Value]) -> tuple[Sequence[Row], int]:
        """What a cursor would do, which keeps the last result: answer a statement's rows, and how many it changed."""
        await self.query(sql % tuple(map(self.escape, args)))
        result, self._result = self._result, None
        if result.warning_count:
            await self._warn()
        return result.rows or (), result.affected_rows

    async def _warn(self) -> None:
        for _, code, message in await self.show_warnings() or ():
            warnings.warn(f"{message} ({code})", stacklevel=1)

    async def _read_packet(self, packet_type: type[MysqlPacket] = MysqlPacket) -> MysqlPacket:
        data = self._arrived()
        if data is None:
            packet: MysqlPacket = await super()._read_packet(packet_type)
            return packet
        if packet_type is FieldDescriptorPacket:
            return _field(data, self._encoding)
        return packet_type(data, self._encoding)

    def _arrived(self) -> bytes | None:
        """The next packet, where it is here, whole, in its turn and no error; else aiomysql reads it its own way."""
        buffer = self._reader._buffer
        end = int.from_bytes(buffer[:3], "little") + _HEADER
        if not _HEADER < end <= len(buffer) or end == _SPLIT + _HEADER:
            return None
        if buffer[3] != self._next_seq_id or buffer[_HEADER] == _ERROR:
            return None
        data = bytes(buffer[_HEADER:end])
        del buffer[:end]
        self._reader._maybe_resume_transport()
        self._next_seq_id = (self._next_seq_id + 1) % 256
        return data


# In PyMySQL's converters.py; the backslash first, for the others bring new ones.
_ESCAPES = (
    *(("\\", "\\\\"), ("\0", "\\0"), ("\n", "\\n"), ("\r", "\\r")),
    *(("\032", "\\Z"), ('"', '\\"'), ("'", "\\'")),
)
_HEADER = 4  # bytes: three of the packet's size, one of its number
_SPLIT = 0xFFFFFF  # the size of a packet that another one continues
_ERROR = 0xFF


class Link:
    """One connection to the server and when it was opened."""

    def __init__(self, raw: _Raw) -> None:
        self._raw = raw
        self._opened = time.monotonic()

    @classmethod
    async def open(cls, address: DatabaseAddress) -> "Link":
        """Raises OSError with what is wrong, within CONNECT_SECONDS."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                link = cls(await _connect(address))
                await link.run(_ISOLATION, ())
        except (pymysql.err.Error, asyncio.IncompleteReadError, Lost) as error:
            raise OSError(f"{error}: {error.__cause__}" if error.__cause__ else str(error)) from error
        except TimeoutError as error:
            raise OSError("it does not answer in time") from error
        return link

    @property
    def closed(self) -> bool:
        return bool(self._raw.closed)

    @property
    def usable(self) -> bool:
        reader = self._raw._reader  # aiomysql has no other way to see that the server has closed its end
        return (
            not self._raw.closed
            and reader is not None
            and not reader.at_eof()
            and reader.exception() is None
            and time.monotonic() - self._opened < RECYCLE_SECONDS
        )

    def close(self) -> None:
        """Hang up at once."""
        self._raw.close()

    async def say_goodbye(self) -> None:
        """Hang up as the server likes it."""
        try:
            await self._raw.ensure_closed()
        finally:
            self._raw.close()  # a server that has gone can't be told

    async def run(self, sql: str, args: Sequence[Value]) -> tuple[Sequence[Row], int]:
        """Run one statement; answers the rows and how many it found or changed.

        A statement that is cancelled, runs out of time or loses its server leaves the link in an unknown state: it
        closes it, for nothing may run on it again.
        """
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                return await self._raw.ask(sql, args)
        except pymysql.err.Error as error:
            if _code(error) in _INCOMPARABLE:
                return (), 0  # nothing equals it
            raise self._named(_without_values(error)) from error
        except TimeoutError as error:
            self._raw.close()
            raise Unavailable("The database takes too long to answer.") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            self._raw.close()
            raise Lost(str(error)) from error
        except BaseException:
            self._raw.close()
            raise

    def _named(self, error: pymysql.err.Error) -> Exception:
        code = _code(error)
        if code == ER.DUP_ENTRY:
            return Duplicate(str(error.args[1]).rsplit("'", 2)[-2].rpartition(".")[2])
        if code in _BUSY:
            return (TooSlow if code in _MAX_STATEMENT_TIME else Unavailable)("The database is busy.")
        if code in _REFUSES_WRITES or _disk_is_full(error):
            why = "its disk is full" if _disk_is_full(error) else "it is read-only"
            log.error("the database takes no writes, %s: %s", why, error)
            return Unavailable("The database can't save anything at the moment.")
        if code in _MISSING_SCHEMA:
            return Unavailable("The database's schema is not ready: run `inkstone migrate`.")
        if code in _LOST or isinstance(error, pymysql.err.InterfaceError):
            self._raw.close()
            return Lost(str(error))
        return error


async def _connect(address: DatabaseAddress) -> _Raw:
    raw = _Raw(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        db=address.name,
        unix_socket=address.unix_socket,
        charset="utf8mb4",
        autocommit=True,
        init_command=_SESSION,
        client_flag=CLIENT.FOUND_ROWS,
        conv=_CONVERSIONS,
        ssl=address.tls,
    )
    try:
        await raw._connect()
    except BaseException:
        raw.close()
        raise
    return raw
