"""Bring the schema up to date: a job of its own, never part of a web process's start."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Unavailable
from inkstone.storage import jobs, schema

log = logging.getLogger(__name__)

_LOCK = "inkstone.migrate"
LOCK_SECONDS = 600
_ACCESS_DENIED = {1044, 1045, 1049, 1698}  # waiting doesn't help against these


def migrate(address: DatabaseAddress, *, wait_seconds: float, progress: Callable[[str], None]) -> None:
    """Apply every missing revision, one migrator at a time; `progress` is told each.

    Where nothing is missing it waits for nobody: a replica that starts during a backup needs no migration.
    Blocks; waits up to `wait_seconds` for the database to answer. Raises Unavailable where it doesn't, or where another
    job holds the lock for LOCK_SECONDS, and Conflict on a schema newer than this code.
    """
    with _connected(address, wait_seconds) as connection:
        if _current(connection) == schema.EXPECTED:
            return
        with _lock(connection, address):
            upgrade(connection, progress=progress)


@contextlib.contextmanager
def exclusive(address: DatabaseAddress, *, wait_seconds: float) -> Iterator[sqlalchemy.Connection]:
    """A connection during which no other job changes the schema, or needs it unchanged."""
    with _connected(address, wait_seconds) as connection, _lock(connection, address):
        yield connection


@contextlib.contextmanager
def _connected(address: DatabaseAddress, wait_seconds: float) -> Iterator[sqlalchemy.Connection]:
    engine = sqlalchemy.create_engine(
        "mysql+pymysql://",
        creator=lambda: jobs.connect(address),
        poolclass=sqlalchemy.NullPool,
        isolation_level="AUTOCOMMIT",  # MySQL commits at each change of the schema anyway
    )
    with jobs.failures_named(), _connection(engine, wait_seconds) as connection:
        yield connection


def upgrade(connection: sqlalchemy.Connection, *, progress: Callable[[str], None], to: str = schema.EXPECTED) -> None:
    """Apply what is missing up to a revision, on a connection of `exclusive`.

    A revision and its entry in alembic_version are two steps, so each revision's SQL may run twice (IF NOT EXISTS).
    """
    before = _current(connection)
    schema.refuse_newer(before or "")
    for revision in _missing(before, to):
        progress(revision)
        command.upgrade(_config(connection), revision)


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
def _lock(connection: sqlalchemy.Connection, address: DatabaseAddress) -> Iterator[None]:
    """MySQL's own lock: it goes when its connection goes, so a dead migrator leaves nothing behind."""
    name = f"{_LOCK}.{address.name}"
    taken = connection.execute(
        sqlalchemy.text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": LOCK_SECONDS}
    )
    if taken.scalar() != 1:
        raise Unavailable("Another migration, a backup or a restore is running and does not end.")
    try:
        yield
    finally:
        # Where the connection is lost, so is the lock.
        with contextlib.suppress(sqlalchemy.exc.DBAPIError):
            connection.execute(sqlalchemy.text("SELECT RELEASE_LOCK(:name)"), {"name": name})


def _current(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _missing(current: str | None, to: str) -> list[str]:
    return [revision for revision in schema.REVISIONS if (current or "") < revision <= to]


def _config(connection: sqlalchemy.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    config.attributes["connection"] = connection
    return config
