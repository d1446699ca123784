"""Many rows with few statements, and the values in them."""

import asyncio

import pytest

from inkstone.domain import rendering
from inkstone.domain.posts import Draft
from inkstone.storage import bulk, imports, media, months, new_posts, redirects, tags
from inkstone.storage.counters import Counters
from inkstone.storage.database import Connection, Duplicate
from inkstone.storage.imports import Imported
from inkstone.storage.new_posts import New

INTO = "INSERT INTO redirects (path, post_id)"


@pytest.fixture
def statements(monkeypatch):
    """Those that change something, as they are sent."""
    sent = []
    run = Connection.run

    async def noted(db, sql, *args):
        sent.append(sql)
        return await run(db, sql, *args)

    monkeypatch.setattr(Connection, "run", noted)
    return sent


def new(slug, **fields):
    draft = Draft.parse({"name": slug, "content": "Some words.", "status": "published", **fields})
    return New(slug, "0" * 32, draft, rendering.render(draft))


@pytest.mark.parametrize(("rows", "number"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (2500, 3)])
async def test_no_statement_has_too_many_rows(database, statements, rows, number):
    async with database.connection() as db:
        await bulk.insert(db, INTO, [(f"path/{n}", "0" * 32) for n in range(rows)])

        assert len(statements) == number
        assert (await db.one("SELECT COUNT(*) FROM redirects"))[0] == rows


async def test_no_statement_is_too_long_unless_a_row_is(database, statements, monkeypatch):
    monkeypatch.setattr(bulk, "_MAX_BYTES", 1000)

    async with database.connection() as db:
        await bulk.insert(db, INTO, [(letter * 400, "0" * 32) for letter in "abcde"] + [("茶" * 499, "0" * 32)])

    assert [sql.count("(%s") for sql in statements] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    "text", ["", "'", "\\", "\\'", "''\\\\", "%s %d %", "\0\x1a\b\r\n\t", '"`', "茶🍵é", "\\茶'", "-- # /* ; \\"]
)
async def test_values_arrive_as_they_are(database, text):
    async with database.connection() as db:
        assert await db.one("SELECT %s, HEX(%s)", text, text) == (text, text.encode().hex().upper())
        assert (await db.one("SELECT HEX(%s)", text.encode()))[0] == text.encode().hex().upper()


async def test_every_byte_arrives(database):
    data = bytes(range(256)) * 2

    async with database.connection() as db:
        assert (await db.one("SELECT HEX(%s)", data))[0] == data.hex().upper()


async def test_posts_are_stored_with_all_that_is_derived_from_them(database):
    counters = Counters()
    news = [new(f"post-{n}", tags=[f"tag {n % 120}", "tea"], published_at="2020-01-02T00:00:00Z") for n in range(130)]

    async with database.transaction() as db:
        await new_posts.insert_many(db, [*news, new("draft", tags=["tea"], status="draft")], counters)
        await counters.write(db)

    async with database.connection() as db:
        assert await new_posts.taken(db, ["post-0", "draft", "other"]) == {"post-0", "draft"}
        assert (await tags.find(db, "tea")).posts == 130
        assert (await tags.find(db, "tag-3")).posts == 2
        assert [number for _, number in await months.newest(db)] == [130]
        assert (await db.one("SELECT COUNT(*) FROM post_search"))[0] == 131


async def test_a_slug_or_a_file_twice_is_refused(database):
    async with database.transaction() as db:
        await new_posts.insert_many(db, [new("once")], Counters())

    with pytest.raises(Duplicate) as error:
        async with database.transaction() as db:
            await new_posts.insert_many(db, [new("other"), new("once")], Counters())
    assert error.value.key == "posts_slug"
    with pytest.raises(Duplicate):
        async with database.transaction() as db:
            await imports.insert_many(db, [("a.md", Imported("0" * 32, "1", 1))] * 2)

    async with database.connection() as db:
        assert await new_posts.taken(db, ["other"]) == set()


async def test_counters_add_up_whoever_writes_them_at_once(database):
    async def write(posts):
        counters = Counters()
        for number in range(20):
            post = new(
                "x", tags=[f"t{(number * posts) % 7}", "tea"], published_at=f"2020-0{1 + number % 5}-02T00:00:00Z"
            )
            counters.add(post.draft.tags, post.published_at, posts)
        async with database.transaction() as db:
            await counters.write(db)

    await asyncio.gather(*[write(posts) for posts in (1, 2, 3, -1)])

    async with database.connection() as db:
        assert (await tags.find(db, "tea")).posts == 100
        assert sum(number for _, number in await months.newest(db)) == 100


async def test_the_last_redirect_and_the_first_image_win(database):
    async with database.connection() as db:
        await new_posts.insert_many(db, posts := [new("a"), new("b")], Counters())
        for post in posts:
            await redirects.insert_many(db, [("/old/", post.id), ("x" * 501, post.id), ("/", post.id)])
        assert await redirects.find(db, "old") == "b"
        assert (await db.one("SELECT COUNT(*) FROM redirects"))[0] == 1

        await media.insert_many(db, [])
        assert await media.newest(db, limit=1, before=None, owner_id=None) == []
