"""Which revision of the schema this code was written for, and whether the database has it."""

from pathlib import Path

from inkstone.domain.errors import Unavailable
from inkstone.storage.database import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


REVISIONS = sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
"""Every revision that ships with this code, oldest first; a revision's name is its file's."""

EXPECTED = REVISIONS[-1]


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
    if revision < EXPECTED:
        raise Unavailable(
            f"The database's schema is {revision}, and this release needs {EXPECTED}: run `inkstone migrate`."
        )
