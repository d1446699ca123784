"""SQL about old addresses."""

from inkstone.storage.database import Connection

MAX_PATH = 500


async def find(db: Connection, path: str) -> str | None:
    """The slug of the post that used to be at `path` (without slashes at its ends), if there is one."""
    row = await db.one("SELECT p.slug FROM redirects r JOIN posts p ON p.id = r.post_id WHERE r.path = %s", path)
    return row[0] if row else None


async def insert(db: Connection, path: str, post_id: str) -> bool:
    """Lead `path` to a post; the last to ask for a path gets it. False where the path is too long to be stored."""
    path = path.strip("/")
    if not 0 < len(path) <= MAX_PATH:
        return False
    await db.run(
        "INSERT INTO redirects (path, post_id) VALUES (%s, %s) ON DUPLICATE KEY UPDATE post_id = %s",
        path, post_id, post_id,
    )  # fmt: skip
    return True
