"""SQL about posts; the tables that are derived from them are kept in the same transactions."""

import json
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from inkstone.domain.errors import Invalid, NotFound, Stale
from inkstone.domain.posts import Draft, Post, Rendered, Status, Teaser, slugify
from inkstone.storage import clock, new_posts, redirects, search, tags
from inkstone.storage.counters import Counters
from inkstone.storage.database import Connection, Duplicate, Row, Value
from inkstone.storage.new_posts import New, as_json
from inkstone.storage.paging import Cursor

_TEASER_COLUMNS = """
    p.id, p.slug, p.name, p.summary, p.excerpt, p.tags, p.author_id, u.name,
    p.published_at, p.created_at, p.updated_at, p.version, p.comment_count
"""
_POST_COLUMNS = _TEASER_COLUMNS + ", p.content, p.html"
# LEFT, so that no list has to be sorted again because the optimiser began with the authors.
_FROM = " FROM posts p {hint} LEFT JOIN users u ON u.id = p.author_id "
_BY_KEY = _FROM.format(hint="")
# Lists name their index. The optimiser forgets LIMIT when it weighs an index against all rows: so it may walk to a
# cursor from the list's beginning, by an author's index or by none, instead of going on at the cursor.
_BY_TIME = _FROM.format(hint="FORCE INDEX (posts_published)")
_BY_AUTHOR = _FROM.format(hint="FORCE INDEX (posts_author)")
_BY_AUTHOR_AND_TIME = _FROM.format(hint="FORCE INDEX (posts_author_published)")
_TEASERS = "SELECT " + _TEASER_COLUMNS
_POSTS = "SELECT " + _POST_COLUMNS
_NEWEST_FIRST = " ORDER BY p.published_at DESC, p.id DESC LIMIT %s"

_STATUS_CONDITION: dict[Status, str] = {
    "draft": "p.published_at IS NULL",
    "scheduled": "p.published_at > %s",
    "published": "p.published_at <= %s",
}
_IN_TIME = {"draft", "scheduled"}  # the statuses for which the index by time has less to skip than the order of ids


def _teaser(row: Row) -> Teaser:
    return Teaser(**_common(row))


def _post(row: Row) -> Post:
    return Post(**_common(row), content=row[13], html=row[14])


def _common(row: Row) -> dict[str, Any]:
    return {
        "id": row[0],
        "slug": row[1],
        "name": row[2],
        "summary": row[3],
        "excerpt": row[4],
        "tags": tuple(json.loads(row[5])),
        "author_id": row[6],
        "author_name": row[7],
        "published_at": row[8],
        "created_at": row[9],
        "updated_at": row[10],
        "version": row[11],
        "comment_count": row[12],
    }


async def find(db: Connection, slug: str) -> Post | None:
    row = await db.one(_POSTS + _BY_KEY + "WHERE p.slug = %s", slug)
    return _post(row) if row else None


async def get(db: Connection, post_id: str) -> Post:
    row = await db.one(_POSTS + _BY_KEY + "WHERE p.id = %s", post_id)
    if row is None:
        raise NotFound("There is no such post.")
    return _post(row)


async def get_teaser(db: Connection, post_id: str) -> Teaser:
    """The post without its text, which may be long."""
    row = await db.one(_TEASERS + _BY_KEY + "WHERE p.id = %s", post_id)
    if row is None:
        raise NotFound("There is no such post.")
    return _teaser(row)


def _before(cursor: Cursor | None, column: str = "p.published_at", key: str = "p.id") -> tuple[str, list[Value]]:
    """The condition for the rows after a cursor, for lists that begin with the newest."""
    if cursor is None:
        return "", []
    return f" AND {column} <= %s AND ({column} < %s OR {key} < %s)", [cursor.time, cursor.time, cursor.id]


async def teasers(db: Connection, post_ids: list[str]) -> dict[str, Teaser]:
    """The posts with these ids, whatever their status."""
    if not post_ids:
        return {}
    marks = ", ".join(["%s"] * len(post_ids))
    return {row[0]: _teaser(row) for row in await db.all(_TEASERS + _BY_KEY + f"WHERE p.id IN ({marks})", *post_ids)}


async def latest(db: Connection, *, limit: int, before: Cursor | None = None) -> list[Teaser]:
    """What is published, newest first."""
    where, values = _before(before)
    sql = _TEASERS + _BY_TIME + "WHERE p.published_at <= %s" + where + _NEWEST_FIRST
    rows = await db.all(sql, clock.now(), *values, limit)
    return [_teaser(row) for row in rows]


async def latest_whole(db: Connection, *, limit: int, before: Cursor | None = None) -> list[Post]:
    """The same with content, for feeds and the API."""
    where, values = _before(before)
    sql = _POSTS + _BY_TIME + "WHERE p.published_at <= %s" + where + _NEWEST_FIRST
    rows = await db.all(sql, clock.now(), *values, limit)
    return [_post(row) for row in rows]


async def latest_by(db: Connection, author_id: str, *, limit: int, before: Cursor | None = None) -> list[Teaser]:
    """What an author has published, newest first."""
    where, values = _before(before)
    sql = _TEASERS + _BY_AUTHOR_AND_TIME + "WHERE p.author_id = %s AND p.published_at <= %s" + where + _NEWEST_FIRST
    return [_teaser(row) for row in await db.all(sql, author_id, clock.now(), *values, limit)]


async def latest_tagged(db: Connection, tag: str, *, limit: int, before: Cursor | None = None) -> list[Teaser]:
    """What is published under a tag, given by its slug, newest first."""
    return [_teaser(row) for row in await _tagged(db, _TEASERS + _BY_KEY, tag, limit, before)]


async def latest_whole_tagged(db: Connection, tag: str, *, limit: int, before: Cursor | None = None) -> list[Post]:
    """The same with content."""
    return [_post(row) for row in await _tagged(db, _POSTS + _BY_KEY, tag, limit, before)]


async def _tagged(db: Connection, select: str, tag: str, limit: int, before: Cursor | None) -> Sequence[Row]:
    where, values = _before(before, "published_at", "post_id")
    # Sorted by the inner table's columns, which are few and small: by the posts' own, their texts would go to disk.
    sql = f"""
        {select}
        JOIN (
            SELECT post_id, published_at FROM post_tags FORCE INDEX (post_tags_published)
            WHERE tag = %s AND published_at <= %s {where}
            ORDER BY published_at DESC, post_id DESC LIMIT %s
        ) t ON t.post_id = p.id
        ORDER BY t.published_at DESC, t.post_id DESC
    """
    return await db.all(sql, tag, clock.now(), *values, limit)


async def latest_between(
    db: Connection, start: datetime, end: datetime, *, limit: int, before: Cursor | None = None
) -> list[Teaser]:
    """What was published from `start` until before `end`, newest first."""
    where, values = _before(before)
    month = "WHERE p.published_at >= %s AND p.published_at < %s AND p.published_at <= %s"
    sql = _TEASERS + _BY_TIME + month + where + _NEWEST_FIRST
    return [_teaser(row) for row in await db.all(sql, start, end, clock.now(), *values, limit)]


async def newest(
    db: Connection, *, limit: int, before: str | None, status: Status | None, author_id: str | None
) -> list[Post]:
    """Posts of every status by id, newest first: for those who write; `author_id` None means everybody's."""
    conditions, values = ["p.id < %s"], [before or "g"]
    if author_id:
        conditions.append("p.author_id = %s")
        values.append(author_id)
    now: list[Value] = [] if status in {None, "draft"} else [clock.now()]
    if status:
        conditions.append(_STATUS_CONDITION[status])
    sql = _POSTS + _source(status, author_id) + "WHERE " + " AND ".join(conditions) + " ORDER BY p.id DESC LIMIT %s"
    return [_post(row) for row in await db.all(sql, *values, *now, limit)]


def _source(status: Status | None, author_id: str | None) -> str:
    if status in _IN_TIME:
        return _BY_AUTHOR_AND_TIME if author_id else _BY_TIME
    return _BY_AUTHOR if author_id else _BY_KEY


async def insert(db: Connection, author_id: str, draft: Draft, rendered: Rendered) -> str:
    """Store a new post and answer its id. Run it in a transaction.

    A slug that the draft asks for and that is taken raises Invalid; one that is made from the name gets a number.
    """
    counters = Counters()
    new = await _insert_at_free_slug(db, author_id, draft, rendered, counters)
    await counters.write(db)
    return new.id


async def _insert_at_free_slug(
    db: Connection, author_id: str, draft: Draft, rendered: Rendered, counters: Counters
) -> New:
    for slug in _candidates(draft):
        new = New(slug, author_id, draft, rendered)
        try:
            async with db.savepoint():
                await new_posts.insert_many(db, [new], counters)
            return new
        except Duplicate as error:
            if error.key != "posts_slug":
                raise
            if draft.slug:
                raise _slug_taken() from error
    raise AssertionError


async def update(
    db: Connection, post: Teaser, draft: Draft, rendered: Rendered, *, version: int, counters: Counters | None = None
) -> Post:
    """Change a post, which was read before, if it still is at `version`, and answer it; else raise Stale.

    Run it in a transaction. A post that already is what the draft wants is left alone: the same change was sent again
    after its answer was lost (RFC 9110, section 13.1.1). nginx does that with a PUT when a replica dies.

    Who gives counters writes them, at the transaction's end.
    """
    wanted = _changed(post, draft, rendered)
    # Only where it was read at this very version is it known what the row has that is now taken away.
    if version != post.version or not await _write(db, wanted, version):
        return await _saved(db, post.id, draft)
    if wanted.slug != post.slug:
        await redirects.insert(db, f"post/{post.slug}", post.id)
    counted = counters or Counters()
    counted.add(post.tags, post.published_at, -1)
    counted.add(wanted.tags, wanted.published_at, 1)
    await _update_derived(db, post, wanted, rendered)
    if counters is None:
        await counted.write(db)
    return wanted


def _changed(post: Teaser, draft: Draft, rendered: Rendered) -> Post:
    """The next version."""
    now = clock.now()
    return Post(
        id=post.id,
        slug=draft.slug or post.slug,
        name=draft.name,
        summary=draft.summary,
        excerpt=rendered.excerpt,
        tags=draft.tags,
        author_id=post.author_id,
        author_name=post.author_name,
        published_at=draft.publication(now, before=post.published_at),
        created_at=post.created_at,
        updated_at=now,
        version=post.version + 1,
        comment_count=post.comment_count,
        content=draft.content,
        html=rendered.html,
    )


async def _write(db: Connection, post: Post, version: int) -> int:
    try:
        return await db.run(
            "UPDATE posts SET slug = %s, name = %s, summary = %s, excerpt = %s, content = %s, html = %s, tags = %s,"
            " published_at = %s, updated_at = %s, version = %s WHERE id = %s AND version = %s",
            post.slug, post.name, post.summary, post.excerpt, post.content, post.html, as_json(post.tags),
            post.published_at, post.updated_at, post.version, post.id, version,
        )  # fmt: skip
    except Duplicate as error:
        raise _slug_taken() from error


async def _saved(db: Connection, post_id: str, draft: Draft) -> Post:
    current = await get(db, post_id)
    if not current.is_as_in(draft, clock.now()):
        raise Stale(current)
    return current


async def _update_derived(db: Connection, post: Teaser, wanted: Post, rendered: Rendered) -> None:
    if (post.tags, post.published_at) != (wanted.tags, wanted.published_at):
        await tags.delete(db, post.id)
        await tags.insert_many(db, [(post.id, wanted.tags, wanted.published_at)])
    if wanted.published_at:
        # A draft is rendered without what it would be found by.
        await search.update(db, post.id, rendered)


async def delete(db: Connection, post: Teaser, *, version: int | None = None) -> None:
    """Delete a post and all that hangs on it; with a version only if it is still that one. Run it in a transaction."""
    if not await db.run("DELETE FROM posts WHERE id = %s AND version = %s", post.id, version or post.version):
        raise Stale(await get(db, post.id))
    await tags.delete(db, post.id)
    await search.delete(db, post.id)
    await db.run("DELETE FROM comments WHERE post_id = %s", post.id)
    await db.run("DELETE FROM redirects WHERE post_id = %s", post.id)
    await db.run("DELETE FROM imports WHERE post_id = %s", post.id)
    counters = Counters()
    counters.add(post.tags, post.published_at, -1)
    await counters.write(db)


def _candidates(draft: Draft) -> Iterator[str]:
    """A few numbers in order, then any out of ever more: a thousand posts of one name cost ten tries.

    Those who save such posts at once don't all wait for the same next one.
    """
    base = draft.slug or slugify(draft.name) or "post"
    yield base
    yield from (f"{base}-{number}" for number in range(2, 5))
    yield from (f"{base}-{2 + secrets.randbelow(2**tries)}" for tries in count(4))


def _slug_taken() -> Invalid:
    return Invalid({"slug": "There is already a post at this address."})


async def addresses(db: Connection, start: datetime, end: datetime, *, limit: int) -> list[tuple[str, datetime]]:
    """Slug and last change of what was published from `start` until before `end`, newest first."""
    rows = await db.all(
        "SELECT slug, updated_at FROM posts WHERE published_at >= %s AND published_at < %s AND published_at <= %s"
        " ORDER BY published_at DESC LIMIT %s",
        start, end, clock.now(), limit,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]
