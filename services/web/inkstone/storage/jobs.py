"""Blocking connections, for jobs that run by themselves: migrations, backups, restores."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pymysql
import sqlalchemy
from pymysql.constants import ER, FIELD_TYPE
from pymysql.converters import conversions

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Unavailable

if TYPE_CHECKING:
    Link = pymysql.Connection[Any]  # generic for the type checker only
else:
    Link = pymysql.Connection

# Times stay text, as exact as the server says them.
_AS_TEXT = {FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATE, FIELD_TYPE.TIME, FIELD_TYPE.YEAR}
_AS_TEXT |= {FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE}
_PLAIN = {kind: convert for kind, convert in conversions.items() if kind not in _AS_TEXT}

_NOT_ALLOWED = {ER.DBACCESS_DENIED_ERROR, ER.TABLEACCESS_DENIED_ERROR}

# A job may take longer than an idle connection usually lives, and its reader may be a slow disk.
# MySQL remembers how large a table is for a day; MariaDB doesn't, and skips the comment.
_SESSION = (
    "SET time_zone = '+00:00', wait_timeout = 86400, net_write_timeout = 3600, net_read_timeout = 3600"
    " /*!80000 , information_schema_stats_expiry = 0 */"
)


def connect(address: DatabaseAddress) -> Link:
    """A connection that commits each statement by itself."""
    return pymysql.connect(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.name,
        unix_socket=address.unix_socket,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=5,
        init_command=_SESSION,
        conv=_PLAIN,
    )


@contextlib.contextmanager
def connection(address: DatabaseAddress) -> Iterator[Link]:
    """A connection for a while; raises Unavailable with the server's own words, whatever goes wrong on it."""
    with failures_named(), contextlib.closing(connect(address)) as db:
        yield db


@contextlib.contextmanager
def failures_named() -> Iterator[None]:
    """Turn what the driver raises into Unavailable, with the server's own words."""
    try:
        yield
    except (pymysql.Error, sqlalchemy.exc.DBAPIError) as error:
        hint = " (`make restore` and `make cli` choose the user who may)" if _code(error) in _NOT_ALLOWED else ""
        raise Unavailable(f"The database says: {reason(error)}{hint}") from error


def reason(error: pymysql.Error | sqlalchemy.exc.DBAPIError) -> str:
    """One line of what the server or the driver said."""
    arguments = _arguments(error)
    return " ".join(str(arguments[-1] if arguments else error).split())


def _code(error: pymysql.Error | sqlalchemy.exc.DBAPIError) -> object:
    return next(iter(_arguments(error)), None)


def _arguments(error: pymysql.Error | sqlalchemy.exc.DBAPIError) -> tuple[object, ...]:
    return error.orig.args if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig else error.args


def run(db: Link, sql: str) -> list[tuple[Any, ...]]:
    """The rows of one statement, all at once."""
    with db.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())
