"""SQL about search: FULLTEXT over the tokens that domain/search.py makes, best first."""

import re
from collections.abc import Sequence

from inkstone.domain.errors import Invalid, TooSlow
from inkstone.domain.posts import Rendered
from inkstone.storage import bulk, clock, frequent
from inkstone.storage.database import Connection, Value
from inkstone.storage.frequent import Match, Plan

_CURSOR = re.compile(r"([0-9]{1,12}\.[0-9]{6})\.([0-9a-f]{32})", re.ASCII)
_PHRASE = re.compile(r'"([a-z0-9 ]+)"', re.ASCII)

# A match in the name is worth four anywhere else. The score is a DECIMAL, so that a cursor can name it exactly.
# MySQL's relevance is infinite while its statistics of a table say that it is empty, as after a crash they may for
# long: error 1690, unless something bounds it.
# The limit of time is told to each server in its own way; the other one reads a comment.
# The texts come last: sorted with the scores, they would all go to the disk.
_BEST = """
    /*M!100108 SET STATEMENT max_statement_time = 2 FOR */ SELECT /*+ MAX_EXECUTION_TIME(2000) */
        best.post_id, best.score, found.text
    FROM (
        SELECT post_id, score FROM (
            SELECT s.post_id, CAST(
                4 * LEAST(MATCH (s.name_tokens) AGAINST (%s IN BOOLEAN MODE), 1000000)
                + LEAST(MATCH (s.tokens) AGAINST (%s IN BOOLEAN MODE), 1000000)
                AS DECIMAL(18, 6)) AS score
            FROM post_search s
            JOIN posts p ON p.id = s.post_id
            WHERE MATCH (s.tokens) AGAINST (%s IN BOOLEAN MODE) AND p.published_at <= %s {also}
        ) matches
        {behind} ORDER BY score DESC, post_id DESC LIMIT %s
    ) best
    JOIN post_search found ON found.post_id = best.post_id
    ORDER BY best.score DESC, best.post_id DESC
"""


async def best(db: Connection, expression: str, *, limit: int, before: str | None = None) -> list[Match]:
    """Published posts that match a boolean-mode expression, best first; none for an empty one.

    Where there are thousands, the newest first: nobody looks through a ranking of thousands.
    """
    phrases = _PHRASE.findall(expression)
    if not phrases:
        return []
    if frequent.is_by_time(before):
        return await frequent.newest(db, phrases, limit=limit, before=before)
    plan = await frequent.plan(db, phrases)
    if plan.indexed:
        return await _ranked(db, plan, limit, before)
    if before is None:
        return await frequent.newest(db, phrases, limit=limit, before=None)
    return await _ranked(db, Plan(tuple(phrases)), limit, before)  # it began as a ranking, and goes on as one


async def _ranked(db: Connection, plan: Plan, limit: int, before: str | None) -> list[Match]:
    behind, values = _behind(before)
    expression = " ".join(f'+"{phrase}"' for phrase in plan.indexed)
    also = frequent.spaced(plan.looked_for)
    try:
        rows = await db.all(
            _BEST.format(also=frequent.containing(plan.looked_for), behind=behind),
            expression, expression, expression, clock.now(), *also, *values, limit,
        )  # fmt: skip
    except TooSlow as error:
        raise TooSlow("This search takes too long. Add a word that fewer posts have.") from error
    return [Match(post_id, text, f"{score:.6f}.{post_id}") for post_id, score, text in rows]


def _behind(cursor: str | None) -> tuple[str, list[Value]]:
    if cursor is None:
        return "", []
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise Invalid({"before": "This is no cursor: take `next` of the page before."})
    score, post_id = match.groups()
    return "WHERE score < CAST(%s AS DECIMAL(18, 6)) OR (score = CAST(%s AS DECIMAL(18, 6)) AND post_id < %s)", [
        score, score, post_id,
    ]  # fmt: skip


async def insert_many(db: Connection, rendered: Sequence[tuple[str, Rendered]]) -> None:
    """Let posts be found, given by their ids."""
    rows = [(post_id, one.name_tokens, one.tokens, one.text) for post_id, one in rendered]
    await bulk.insert(db, "INSERT INTO post_search (post_id, name_tokens, tokens, text)", rows)


async def update(db: Connection, post_id: str, rendered: Rendered) -> None:
    """Let a post be found by what it is now."""
    await db.run(
        "UPDATE post_search SET name_tokens = %s, tokens = %s, text = %s WHERE post_id = %s",
        rendered.name_tokens, rendered.tokens, rendered.text, post_id,
    )  # fmt: skip


async def delete(db: Connection, post_id: str) -> None:
    await db.run("DELETE FROM post_search WHERE post_id = %s", post_id)
