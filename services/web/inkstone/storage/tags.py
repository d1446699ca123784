"""SQL about tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from inkstone.domain.posts import slugify
from inkstone.storage import bulk
from inkstone.storage.database import Connection

_MOST = 100  # in one statement


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as lists show it; `posts` counts published and scheduled ones."""

    slug: str
    name: str
    posts: int


async def find(db: Connection, slug: str) -> Tag | None:
    row = await db.one("SELECT slug, name, posts FROM tags WHERE slug = %s AND posts > 0", slug)
    return Tag(*row) if row else None


async def by_slug(db: Connection, *, limit: int, after: str) -> list[Tag]:
    """Tags in use in the order of their slugs, from behind the slug `after`."""
    rows = await db.all(
        "SELECT slug, name, posts FROM tags WHERE slug > %s AND posts > 0 ORDER BY slug LIMIT %s", after, limit
    )
    return [Tag(*row) for row in rows]


async def add(db: Connection, changes: Sequence[tuple[str, str, int]]) -> None:
    """Add to the numbers of posts of tags (slug, name, posts) in this order; use storage/counters.py.

    Tags that nothing has any more stay as rows that count 0.
    """
    for start in range(0, len(changes), _MOST):
        some = changes[start : start + _MOST]
        # MySQL gives up VALUES(posts) for an alias of the new row, which MariaDB doesn't have; both know this.
        more = " UNION ALL SELECT %s, %s, %s" * (len(some) - 1)
        await db.run(
            "INSERT INTO tags (slug, name, posts)"
            f" SELECT slug, name, posts FROM (SELECT %s AS slug, %s AS name, %s AS posts{more}) added"
            " ON DUPLICATE KEY UPDATE posts = tags.posts + added.posts",
            *[value for change in some for value in change],
        )


async def insert_many(db: Connection, tagged: Sequence[tuple[str, tuple[str, ...], datetime | None]]) -> None:
    """Give posts (id, tags' names, published at) their tags."""
    rows = [(slugify(name), post_id, published_at) for post_id, names, published_at in tagged for name in names]
    await bulk.insert(db, "INSERT INTO post_tags (tag, post_id, published_at)", sorted(rows, key=itemgetter(0, 1)))


async def delete(db: Connection, post_id: str) -> None:
    """Take a post's tags away."""
    await db.run("DELETE FROM post_tags WHERE post_id = %s", post_id)
