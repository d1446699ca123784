"""Keyset paging: every post once and in order, also where many were published at one moment."""

from datetime import UTC, datetime, timedelta

import pytest

from inkstone.domain.errors import Invalid
from inkstone.storage import posts
from inkstone.storage.paging import Cursor, parse_id

MOMENT = datetime(2026, 1, 15, 12, 0, 0, 123456, UTC)


@pytest.mark.parametrize("limit", [1, 3, 4, 100])
async def test_posts_of_one_moment_are_paged_through(database, cast, write, limit):
    written = [
        await write(cast.alice, tags=["tea"], published_at=MOMENT + timedelta(microseconds=step))
        for step in (-1, 0, 0, 0, 0, 0, 0, 0, 1)
    ]
    expected = [post.id for post in sorted(written, key=lambda post: (post.published_at, post.id), reverse=True)]
    span = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    lists = {
        "latest": lambda db, before: posts.latest(db, limit=limit, before=before),
        "whole": lambda db, before: posts.latest_whole(db, limit=limit, before=before),
        "by": lambda db, before: posts.latest_by(db, cast.alice.id, limit=limit, before=before),
        "tagged": lambda db, before: posts.latest_tagged(db, "tea", limit=limit, before=before),
        "whole tagged": lambda db, before: posts.latest_whole_tagged(db, "tea", limit=limit, before=before),
        "between": lambda db, before: posts.latest_between(db, *span, limit=limit, before=before),
    }

    for name, page in lists.items():
        seen, before = [], None
        async with database.connection() as db:
            while rows := await page(db, before):
                assert len(rows) <= limit
                seen += [row.id for row in rows]
                before = Cursor.parse(str(Cursor(rows[-1].published_at, rows[-1].id)))

        assert seen == expected, name


@pytest.mark.parametrize("time", [MOMENT, datetime(1000, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_cursor_keeps_its_place(time):
    cursor = Cursor(time, "0" * 32)

    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "1", "1.", ".0", "1.g", "x.0", "1.0 ", "9" * 18 + "." + "0" * 32, "1." + "0" * 31,
                                  "１." + "0" * 32])  # fmt: skip  # noqa: RUF001 - a digit, but none of ours
def test_what_is_no_cursor(text):
    with pytest.raises(Invalid):
        Cursor.parse(text)
    with pytest.raises(Invalid):
        parse_id(text)
