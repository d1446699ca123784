"""SQL about what a large part of a large blog has: a look at the newest posts tells, and they are listed by date.

To rank a match takes the database tens of microseconds, so thousands of them take too long, and nobody wants them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inkstone.storage import clock
from inkstone.storage.database import Connection, Value
from inkstone.storage.paging import Cursor

MOST_RANKED = 2_000
# Times as many posts may have a word that the index is asked for together with others: to read an entry there takes a
# tenth of the time that it takes to read a post.
MOST_INDEXED = 10
SAMPLE = 1_000  # posts, but no more than one in ONE_IN: long ones take longer to look through than to rank
ONE_IN = 20
# So many of the sample's posts must match until their like are found by walking on.
_FEW = 2

_HAS = "INSTR(CONCAT(' ', s.tokens, ' '), %s) > 0"
_BY_TIME = re.compile(r"-?[0-9]+\.[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Match:
    """A post that was found, its text to cut a snippet from, and the cursor of the list behind it."""

    post_id: str
    text: str
    cursor: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How to search: what to ask the index for, and what to look for in the posts; without the former, walk."""

    indexed: tuple[str, ...]
    looked_for: tuple[str, ...] = ()


def is_by_time(before: str | None) -> bool:
    """Whether a cursor is of a list by date."""
    return before is not None and _BY_TIME.fullmatch(before) is not None


async def plan(db: Connection, phrases: Sequence[str]) -> Plan:
    """How to search for all of these phrases; of a small blog it knows without looking."""
    row = await db.one("SELECT COALESCE(SUM(posts), 0) FROM months")
    total = int(row[0]) if row else 0
    if total <= MOST_RANKED:
        return Plan(tuple(phrases))
    looked_at, together, *each = await _counts(db, phrases, min(SAMPLE, total // ONE_IN))
    limit = MOST_RANKED * looked_at / total  # in the sample
    asked = tuple(phrase for phrase, count in zip(phrases, each, strict=True) if count <= limit * MOST_INDEXED)
    if together > max(limit, _FEW) or (together > _FEW and not asked):
        return Plan((), tuple(phrases))
    asked = asked or (phrases[each.index(min(each))],)
    return Plan(asked, tuple(phrase for phrase in phrases if phrase not in asked))


async def _counts(db: Connection, phrases: Sequence[str], size: int) -> list[int]:
    """Of the newest posts: how many there are, how many have all phrases, and how many have each."""
    names = [f"has{number}" for number in range(len(phrases))]
    has = ", ".join(f"{_HAS} AS {name}" for name in names)
    rows = await db.all(
        f"""
        SELECT COUNT(*), SUM({" AND ".join(names)}), {", ".join(f"SUM({name})" for name in names)} FROM (
            SELECT {has} FROM (
                SELECT id FROM posts FORCE INDEX (posts_published)
                WHERE published_at <= %s ORDER BY published_at DESC, id DESC LIMIT %s
            ) p
            JOIN post_search s ON s.post_id = p.id
        ) looked_at
        """,
        *spaced(phrases), clock.now(), size,
    )  # fmt: skip
    return [int(count or 0) for count in rows[0]]


async def newest(db: Connection, phrases: Sequence[str], *, limit: int, before: str | None) -> list[Match]:
    """Published posts that have all of these phrases, newest first; quick where many have them."""
    cursor = Cursor.parse(before) if before else None
    behind, values = "", list[Value]()
    if cursor:
        behind = "AND p.published_at <= %s AND (p.published_at < %s OR p.id < %s)"
        values = [cursor.time, cursor.time, cursor.id]
    rows = await db.all(
        f"""
        SELECT p.id, p.published_at, s.text FROM posts p FORCE INDEX (posts_published)
        STRAIGHT_JOIN post_search s ON s.post_id = p.id
        WHERE p.published_at <= %s {behind} {containing(phrases)}
        ORDER BY p.published_at DESC, p.id DESC LIMIT %s
        """,
        clock.now(), *values, *spaced(phrases), limit,
    )  # fmt: skip
    return [Match(post_id, text, str(Cursor(time, post_id))) for post_id, time, text in rows]


def containing(phrases: Sequence[str]) -> str:
    """The condition that a row of post_search has all of these phrases; its values are `spaced`."""
    return "".join(f" AND {_HAS}" for _ in phrases)


def spaced(phrases: Sequence[str]) -> list[str]:
    return [f" {phrase} " for phrase in phrases]
