"""Bring the schema up to date: a job of its own, never part of a web process's start."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator

import pymysql
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from pymysql.constants import CLIENT, CR

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Conflict, Unavailable
from inkstone.storage import schema
from inkstone.storage.driver import NO_TLS

log = logging.getLogger(__name__)

_LOCK = "inkstone.migrate"
LOCK_SECONDS = 600
_ACCESS_DENIED = {1044, 1045, 1049, 1698}  # waiting doesn't help against these


def migrate(address: DatabaseAddress, *, wait_seconds: float, progress: Callable[[str], None]) -> None:
    """Apply every missing revision, one migrator at a time; `progress` is told each.

    A revision and its entry in alembic_version are two steps, so each revision's SQL may run twice (IF NOT EXISTS).
    Blocks; waits up to `wait_seconds` for the database to answer. Raises Unavailable where it doesn't, or where another
    migrator holds the lock for LOCK_SECONDS, and Conflict on a schema newer than this code.
    """
    engine = sqlalchemy.create_engine(
        "mysql+pymysql://",
        creator=lambda: _connect(address),
        poolclass=sqlalchemy.NullPool,
        isolation_level="AUTOCOMMIT",  # MySQL commits at each change of the schema anyway
    )
    with _connection(engine, wait_seconds) as connection, _lock(connection, f"{_LOCK}.{address.name}"):
        before = MigrationContext.configure(connection).get_current_revision()
        if before is not None and before > schema.EXPECTED:
            raise Conflict(
                f"The database's schema is {before}, newer than this release's {schema.EXPECTED}: use a newer release."
            )
        for revision in _missing(before):
            progress(revision)
            command.upgrade(_config(connection), revision)


def _connect(address: DatabaseAddress) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    return _Connection(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password,
        database=address.name,
        unix_socket=address.unix_socket,
        charset="utf8mb4",
        connect_timeout=5,
        init_command="SET time_zone = '+00:00'",
        ssl=address.tls,
    )


class _Connection(pymysql.connections.Connection):
    def _get_server_information(self) -> None:
        super()._get_server_information()  # type: ignore[misc]  # PyMySQL's types leave out what is its own
        if self.ssl and not self.server_capabilities & CLIENT.SSL:  # type: ignore[attr-defined]
            raise pymysql.err.OperationalError(CR.CR_SSL_CONNECTION_ERROR, NO_TLS)  # PyMySQL would go on without


@contextlib.contextmanager
def _connection(engine: sqlalchemy.Engine, wait_seconds: float) -> Iterator[sqlalchemy.Connection]:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            connection = engine.connect()
            break
        except sqlalchemy.exc.DBAPIError as error:
            code, reason = error.orig.args[:2] if error.orig and len(error.orig.args) > 1 else (None, str(error))
            if code in _ACCESS_DENIED or time.monotonic() > deadline:
                raise Unavailable(f"The database can't be reached: {reason}") from error
            time.sleep(0.5)
    with connection:
        yield connection


@contextlib.contextmanager
def _lock(connection: sqlalchemy.Connection, name: str) -> Iterator[None]:
    """MySQL's own lock: it goes when its connection goes, so a dead migrator leaves nothing behind."""
    taken = connection.execute(
        sqlalchemy.text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": LOCK_SECONDS}
    )
    if taken.scalar() != 1:
        raise Unavailable("Another migration is running and does not end.")
    try:
        yield
    finally:
        connection.execute(sqlalchemy.text("SELECT RELEASE_LOCK(:name)"), {"name": name})


def _missing(current: str | None) -> list[str]:
    return [revision for revision in schema.REVISIONS if current is None or revision > current]


def _config(connection: sqlalchemy.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.attributes["connection"] = connection
    return config
