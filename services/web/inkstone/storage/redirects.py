"""SQL about old addresses."""

from collections.abc import Sequence

from inkstone.storage import bulk
from inkstone.storage.database import Connection

MAX_PATH = 500


async def find(db: Connection, path: str) -> str | None:
    """The slug of the post that used to be at `path` (without slashes at its ends), if there is one."""
    row = await db.one("SELECT p.slug FROM redirects r JOIN posts p ON p.id = r.post_id WHERE r.path = %s", path)
    return row[0] if row else None


async def insert(db: Connection, path: str, post_id: str) -> None:
    """Lead `path` to a post; the last to ask for a path gets it, and one that doesn't fit is left out."""
    await insert_many(db, [(path, post_id)])


async def insert_many(db: Connection, leads: Sequence[tuple[str, str]]) -> None:
    """The same for many paths and posts."""
    rows = sorted((path.strip("/"), post_id) for path, post_id in leads if fits(path))
    await bulk.insert(db, "REPLACE INTO redirects (path, post_id)", rows)


def fits(path: str) -> bool:
    """Whether a path can be stored."""
    return 0 < len(path.strip("/")) <= MAX_PATH
