"""SQL about the archive's months and how many posts each has."""

from datetime import UTC, datetime

from inkstone.storage import clock
from inkstone.storage.database import Connection


async def newest(db: Connection) -> list[tuple[datetime, int]]:
    """The first day of each month that has posts, and how many; months to come are left out."""
    rows = await db.all(
        "SELECT month, posts FROM months WHERE month <= %s AND posts > 0 ORDER BY month DESC", f"{clock.now():%Y-%m}"
    )
    return [(datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC), posts) for month, posts in rows]


async def add(db: Connection, published_at: datetime | None, posts: int) -> None:
    """Count a post in, or out with -1; a draft counts nowhere."""
    if published_at is not None:
        await db.run(
            "INSERT INTO months (month, posts) VALUES (%s, %s) ON DUPLICATE KEY UPDATE posts = posts + %s",
            f"{published_at:%Y-%m}", posts, posts,
        )  # fmt: skip
