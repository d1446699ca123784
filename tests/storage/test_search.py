"""Search on a blog so large that not every match is ranked; here thirty posts are large."""

from datetime import timedelta

import pytest

from inkstone.domain import search as language
from inkstone.domain.errors import TooSlow
from inkstone.storage import clock, frequent, search
from inkstone.storage.database import Database
from inkstone.storage.frequent import Plan

POSTS = 30
HIDDEN = {"status": "draft"}, {"status": "scheduled", "published_at": "2125-01-01T00:00:00Z"}


@pytest.fixture
async def large(database: Database, cast, write, monkeypatch) -> Database:
    """Everybody has tea, in turn with milk or with lemon; one old post has a fox, two have rice wine 米酒."""
    monkeypatch.setattr(frequent, "MOST_RANKED", 5)
    monkeypatch.setattr(frequent, "SAMPLE", 20)
    monkeypatch.setattr(frequent, "ONE_IN", 1)
    monkeypatch.setattr(frequent, "MOST_INDEXED", 1)
    for number in range(POSTS):
        words = [
            "Green tea",
            "milk" if number % 2 else "lemon",
            *["fox"] * (number == 3),
            *["米酒"] * (number in {5, 9}),
        ]
        time = clock.now() - timedelta(days=POSTS - number)
        await write(cast.alice, name=f"Number {number}", content=" ".join(words), published_at=time.isoformat())
    for fields in HIDDEN:
        await write(cast.alice, name="Hidden", content="Green tea", **fields)
    return database


async def found(database: Database, query: str, *, limit: int = POSTS, before: str | None = None) -> list[str]:
    """The names of what is found."""
    async with database.connection() as db:
        matches = await search.best(db, language.query(query), limit=limit, before=before)
        names = dict(await db.all("SELECT id, name FROM posts"))
    return [names[match.post_id] for match in matches]


def numbered(*numbers: int) -> list[str]:
    return [f"Number {number}" for number in numbers]


@pytest.mark.parametrize("query", ["tea", '"green tea"', "tea green"])
async def test_what_most_posts_have_is_listed_by_date(large, query):
    assert await found(large, query) == numbered(*reversed(range(POSTS)))


async def test_such_a_list_is_paged_through(large):
    seen, before = [], None
    async with large.connection() as db:
        while matches := await search.best(db, language.query("milk tea"), limit=4, before=before):
            seen += [match.post_id for match in matches]
            before = matches[-1].cursor
        by_date = await db.all("SELECT id FROM posts WHERE content LIKE '%%milk%%' ORDER BY published_at DESC")

    assert seen == [row[0] for row in by_date]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("fox", numbered(3)),
        ("tea fox", numbered(3)),
        ('fox "green tea"', numbered(3)),
        ("fox lemon", []),
        ("lemon milk", []),
        ('"tea green"', []),
        ("te", []),
        ("酒", numbered(9, 5)),
        ("tea 米酒", numbered(9, 5)),
        ("nothing tea", []),
    ],
)
async def test_the_rest_is_found_as_on_a_small_blog(large, monkeypatch, query, names):
    assert sorted(await found(large, query)) == sorted(names)

    monkeypatch.setattr(frequent, "MOST_RANKED", 1000)
    assert sorted(await found(large, query)) == sorted(names)


@pytest.mark.parametrize(
    ("phrases", "plan"),
    [
        (["xtea"], Plan((), ("xtea",))),
        (["xfox"], Plan(("xfox",))),
        (["xtea", "xfox", "xmilk"], Plan(("xfox",), ("xtea", "xmilk"))),
        (["xmilk", "xtea"], Plan((), ("xmilk", "xtea"))),
        (["xmilk", "xlemon"], Plan(("xmilk",), ("xlemon",))),
    ],
)
async def test_only_rare_phrases_are_asked_of_the_index(large, phrases, plan):
    async with large.connection() as db:
        assert await frequent.plan(db, phrases) == plan


async def test_not_so_rare_phrases_are_asked_of_the_index_together(large, monkeypatch):
    monkeypatch.setattr(frequent, "MOST_INDEXED", 4)

    async with large.connection() as db:
        assert await frequent.plan(db, ["xtea", "xmilk", "xlemon"]) == Plan(("xmilk", "xlemon"), ("xtea",))


async def test_a_ranking_goes_on_as_one(large, monkeypatch):
    monkeypatch.setattr(frequent, "MOST_RANKED", POSTS + 1)
    async with large.connection() as db:
        [*_, last] = first = await search.best(db, language.query("tea"), limit=4)

    monkeypatch.setattr(frequent, "MOST_RANKED", 5)
    async with large.connection() as db:
        rest = await search.best(db, language.query("tea"), limit=POSTS, before=last.cursor)

    assert len({match.post_id for match in [*first, *rest]}) == len(first) + len(rest) == POSTS


async def test_of_a_small_blog_all_is_ranked(large, monkeypatch):
    monkeypatch.setattr(frequent, "MOST_RANKED", POSTS + 1)

    async with large.connection() as db:
        assert await frequent.plan(db, ["xtea", "xfox"]) == Plan(("xtea", "xfox"))


async def test_a_statement_that_takes_too_long_is_stopped(large):
    forever = (
        "SELECT /*+ MAX_EXECUTION_TIME(50) */ COUNT(*) FROM posts a, posts b, posts c, posts d, posts e"
        " WHERE CONCAT(a.name, b.name, c.name, d.name, e.name) = 'no'"
    )

    async with large.connection() as db:
        with pytest.raises(TooSlow):
            await db.all(f"/*M!100108 SET STATEMENT max_statement_time = 0.05 FOR */ {forever}")
