"""SQL about the archive's months and how many posts each has."""

from collections.abc import Sequence
from datetime import UTC, datetime

from inkstone.storage import clock
from inkstone.storage.database import Connection


async def newest(db: Connection) -> list[tuple[datetime, int]]:
    """The first day of each month that has posts, and how many; months to come are left out."""
    rows = await db.all(
        "SELECT month, posts FROM months WHERE month <= %s AND posts > 0 ORDER BY month DESC", f"{clock.now():%Y-%m}"
    )
    return [(datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC), posts) for month, posts in rows]


async def add(db: Connection, changes: Sequence[tuple[str, int]]) -> None:
    """Add to the numbers of posts of months (as "2026-11") in this order; use storage/counters.py."""
    if not changes:
        return
    # As in tags.py.
    more = " UNION ALL SELECT %s, %s" * (len(changes) - 1)
    await db.run(
        f"INSERT INTO months (month, posts) SELECT month, posts FROM (SELECT %s AS month, %s AS posts{more}) added"
        " ON DUPLICATE KEY UPDATE posts = months.posts + added.posts",
        *[value for change in changes for value in change],
    )
