"""Posts of one name, which get addresses of their own."""

import asyncio

import pytest

from inkstone.domain import rendering
from inkstone.domain.posts import Draft
from inkstone.storage import new_posts, posts
from inkstone.storage.counters import Counters
from inkstone.storage.new_posts import New

DRAFT = Draft.parse({"name": "Tea", "content": "", "status": "draft"})
RENDERED = rendering.render(DRAFT)
AUTHOR = "0" * 32
MANY = 1000


@pytest.fixture
async def many_of_that_name(database) -> None:
    slugs = ["tea", *(f"tea-{number}" for number in range(2, MANY + 1))]
    async with database.transaction() as db:
        await new_posts.insert_many(db, [New(slug, AUTHOR, DRAFT, RENDERED) for slug in slugs], Counters())


async def insert(database) -> str:
    async with database.transaction() as db:
        return (await posts.get(db, await posts.insert(db, AUTHOR, DRAFT, RENDERED))).slug


async def test_the_first_few_are_numbered_in_order(database):
    assert [await insert(database) for _ in range(4)] == ["tea", "tea-2", "tea-3", "tea-4"]


async def test_a_thousand_of_one_name_cost_a_few_tries(database, many_of_that_name):
    async with database.transaction() as db:
        before = await tries(db)
        await posts.insert(db, AUTHOR, DRAFT, RENDERED)

        # At random: a number below 2**14 is taken once in 16 times, and so on.
        assert 4 < await tries(db) - before < 40


async def tries(db) -> int:
    """How often this connection has tried since it was opened."""
    return int((await db.one("SHOW SESSION STATUS LIKE 'Com_savepoint'"))[1])


async def test_those_who_save_at_once_all_find_one(database, many_of_that_name):
    at_once = database.usage.size

    slugs = [slug for _ in range(5) for slug in await asyncio.gather(*[insert(database) for _ in range(at_once)])]

    assert len(set(slugs)) == 5 * at_once
