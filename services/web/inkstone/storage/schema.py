"""Which revision of the schema this code was written for, and whether the database has it."""

from pathlib import Path

from inkstone.domain.errors import Conflict, Unavailable
from inkstone.storage.database import Connection

MIGRATIONS = Path(__file__).parent / "migrations"


REVISIONS = sorted(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
"""Every revision that ships with this code, oldest first; a revision's name is its file's."""

EXPECTED = REVISIONS[-1]

TABLES = (
    "users", "posts", "tags", "post_tags", "months", "comments", "redirects", "media", "post_search",
    "idempotency_keys", "sign_in_attempts", "imports", "heartbeat",
)  # fmt: skip
"""Every table that a revision makes or has ever made; what else is in the database is not the blog's."""

BOOKS = "alembic_version"
"""Where Alembic notes the revision."""


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


def refuse_newer(revision: str) -> None:
    """Raise Conflict on a revision that this code doesn't know yet."""
    if revision > EXPECTED:
        raise Conflict(
            f"The database's schema is {revision}, newer than this release's {EXPECTED}: use a newer release."
        )
