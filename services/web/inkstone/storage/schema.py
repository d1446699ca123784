"""Which revision of the schema this code was written for, and whether the database has it."""

from pathlib import Path

from inkstone.domain.errors import Unavailable
from inkstone.storage.database import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


def expected() -> str:
    """The newest revision that ships with this code; a revision's name is its file's."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


async def current(db: Connection) -> str:
    """The revision the database has; raises Unavailable where it has none."""
    row = await db.one("SELECT version_num FROM alembic_version")
    if row is None:
        raise Unavailable("The database's schema is not ready: run `inkstone migrate`.")
    return str(row[0])


async def check(db: Connection) -> None:
    """Raise Unavailable on a schema older than this code.

    A newer one is fine: a release only adds, so that the one before it may go on serving during a deploy.
    """
    revision = await current(db)
    if revision < expected():
        raise Unavailable(f"The database's schema is {revision}, and this release needs {expected()}: run `inkstone migrate`.")
