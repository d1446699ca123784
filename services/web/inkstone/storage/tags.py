"""SQL about tags."""

from dataclasses import dataclass
from datetime import datetime

from inkstone.domain.posts import slugify
from inkstone.storage.database import Connection


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


async def insert(db: Connection, post_id: str, names: tuple[str, ...], published_at: datetime | None) -> None:
    counted = _counted(published_at)
    # Sorted, so that two transactions that touch the same tags take their locks in the same order.
    for slug, name in sorted((slugify(name), name) for name in names):
        await db.run(
            "INSERT INTO tags (slug, name, posts) VALUES (%s, %s, %s) ON DUPLICATE KEY UPDATE posts = posts + %s",
            slug, name, counted, counted,
        )  # fmt: skip
        await db.run(
            "INSERT INTO post_tags (tag, post_id, published_at) VALUES (%s, %s, %s)", slug, post_id, published_at
        )


async def delete(db: Connection, post_id: str, names: tuple[str, ...], published_at: datetime | None) -> None:
    """Take a post's tags away; tags that nothing has any more stay as rows that count 0."""
    for slug in sorted(slugify(name) for name in names):
        await db.run("UPDATE tags SET posts = posts - %s WHERE slug = %s", _counted(published_at), slug)
    await db.run("DELETE FROM post_tags WHERE post_id = %s", post_id)


def _counted(published_at: datetime | None) -> int:
    return 0 if published_at is None else 1
