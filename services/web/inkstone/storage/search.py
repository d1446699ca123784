"""SQL about search: FULLTEXT over the tokens that domain/search.py makes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from inkstone.domain.errors import Invalid
from inkstone.domain.posts import Rendered
from inkstone.storage import bulk, clock
from inkstone.storage.database import Connection, Value

_CURSOR = re.compile(r"([0-9]{1,12}\.[0-9]{6})\.([0-9a-f]{32})", re.ASCII)

# A match in the name is worth four anywhere else. The score is a DECIMAL, so that a cursor can name it exactly.
# MySQL's relevance is infinite while its statistics of a table say that it is empty, as after a crash they may for
# long: error 1690, unless something bounds it.
_BEST = """
    SELECT post_id, score, text FROM (
        SELECT s.post_id, s.text, CAST(
            4 * LEAST(MATCH (s.name_tokens) AGAINST (%s IN BOOLEAN MODE), 1000000)
            + LEAST(MATCH (s.tokens) AGAINST (%s IN BOOLEAN MODE), 1000000)
            AS DECIMAL(18, 6)) AS score
        FROM post_search s
        JOIN posts p ON p.id = s.post_id
        WHERE MATCH (s.tokens) AGAINST (%s IN BOOLEAN MODE) AND p.published_at <= %s
    ) matches
"""


@dataclass(frozen=True, slots=True)
class Match:
    """A post that was found, how well it fits, and its text to cut a snippet from."""

    post_id: str
    score: Decimal
    text: str

    @property
    def cursor(self) -> str:
        return f"{self.score:.6f}.{self.post_id}"


async def best(db: Connection, expression: str, *, limit: int, before: str | None = None) -> list[Match]:
    """Published posts that match a boolean-mode expression, best first; none for an empty one."""
    if not expression:
        return []
    where, values = _behind(before)
    sql = _BEST + where + " ORDER BY score DESC, post_id DESC LIMIT %s"
    return [Match(*row) for row in await db.all(sql, expression, expression, expression, clock.now(), *values, limit)]


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
