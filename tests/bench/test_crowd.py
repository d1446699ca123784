"""The blogs that growth is measured on are such as the application itself would have written."""

import re
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from inkstone.config import DatabaseAddress
from inkstone.domain import rendering
from inkstone.domain.posts import Draft
from inkstone.storage import clock, posts, search
from inkstone.storage.database import Database
from inkstone.storage.jobs import connection, run
from inkstone.storage.migrate import migrate
from tests.bench import bulk, sizes, texts
from tests.bench.crowd import Crowd, Sketch
from tests.bench.texts import Texts
from tests.storage.test_counters import wrong

SIZE = 300
COLUMNS = "p.id, p.slug, p.name, p.excerpt, p.content, p.html, p.tags, s.name_tokens, s.tokens, s.text"


@pytest.fixture(scope="module")
def made_up() -> Texts:
    return texts.made_up()


@pytest.fixture(scope="module")
def definitions() -> dict[str, str]:
    """How migrations define the tables that are filled; kept by the fixture below."""
    return {}


@pytest.fixture(scope="module")
def filled_url(new_server: Callable[[], object], made_up: Texts, definitions: dict[str, str]) -> Iterator[str]:
    with new_server() as url:  # type: ignore[attr-defined]
        migrate(DatabaseAddress.parse(url), wait_seconds=60, progress=lambda _: None)
        definitions |= defined(url)
        bulk.write(url, made_up, SIZE, lambda *_: None)
        yield url


@pytest.fixture(scope="module")
async def filled(filled_url: str) -> AsyncIterator[Database]:
    database = Database(DatabaseAddress.parse(filled_url), 2)
    yield database
    await database.close()


def defined(url: str) -> dict[str, str]:
    with connection(DatabaseAddress.parse(url)) as db:
        shown = {table: run(db, f"SHOW CREATE TABLE {table}")[0][1] for table in bulk.TABLES}
    # What a column has in common with its table, MySQL says of those only that were made with it.
    return {table: re.sub(" (CHARACTER SET utf8mb4|COLLATE utf8mb4_bin)", "", one) for table, one in shown.items()}


def test_the_newest_posts_are_the_same_in_a_blog_of_any_size(made_up: Texts):
    def shown(post: Sketch) -> tuple[object, ...]:
        return post.name, post.content, post.tags, post.author, post.statuses

    small, large = Crowd(made_up, 100), Crowd(made_up, 1_000_000)

    assert [shown(small.sketch(number)) for number in range(100)] == [
        shown(large.sketch(number)) for number in range(100)
    ]


def test_ids_and_times_have_one_order(made_up: Texts):
    posts = [Crowd(made_up, SIZE).sketch(number) for number in range(SIZE)]

    assert posts == sorted(posts, key=lambda post: post.id, reverse=True)
    assert posts == sorted(posts, key=lambda post: post.created, reverse=True)


def test_the_tables_are_those_of_the_migrations(filled_url: str, definitions: dict[str, str]):
    assert definitions
    assert defined(filled_url) == definitions


async def test_a_post_is_stored_as_if_somebody_had_saved_it(filled: Database):
    async with filled.connection() as db:
        rows = await db.all(f"SELECT {COLUMNS} FROM posts p JOIN post_search s ON s.post_id = p.id")
        stored = {row[0]: await posts.get(db, row[0]) for row in rows}

    assert len(rows) == SIZE
    for post_id, slug, name, excerpt, content, html, _, name_tokens, tokens, text in rows:
        post = stored[post_id]
        sent = {"name": name, "content": content, "tags": post.tags, "slug": slug, "published_at": post.published_at}
        rendered = rendering.render(Draft.parse(sent | {"status": post.status(clock.now())}))
        assert (html, excerpt, text, name_tokens) == (
            rendered.html, rendered.excerpt, rendered.text, rendered.name_tokens,
        )  # fmt: skip
        assert set(tokens.split()) == set(rendered.tokens.split())


async def test_counters_agree_with_what_they_count(filled: Database):
    async with filled.connection() as db:
        assert await wrong(db, "tags", "slug", "post_tags WHERE tag = counted.slug AND published_at IS NOT NULL") == []
        months = "posts WHERE DATE_FORMAT(published_at, '%%Y-%%m') = counted.month"
        assert await wrong(db, "months", "month", months) == []
        approved = "comments WHERE post_id = counted.id AND status = 'approved'"
        assert await wrong(db, "posts", "id", approved, "comment_count") == []
        [(posts, published, comments)] = await db.all(
            "SELECT COUNT(*), SUM(published_at IS NOT NULL), (SELECT COUNT(*) FROM comments) FROM posts"
        )
        assert (await db.one("SELECT SUM(posts) FROM months"))[0] == published < posts
        assert comments > 4 * published


async def test_posts_of_which_all_are_found(filled: Database, made_up: Texts):
    post = next(post for post in map(Crowd(made_up, SIZE).sketch, range(SIZE)) if post.is_published)
    expression = " ".join(f'+"{token}"' for token in post.name_tokens.split()[:3])

    async with filled.connection() as db:
        assert post.id in {match.post_id for match in await search.best(db, expression, limit=SIZE)}


def test_queries_are_of_both_languages_and_of_each_frequency(made_up: Texts):
    found = sizes.queries(made_up)

    assert {kind.split(",")[0] for kind in found} == set(sizes.LANGUAGES)
    assert {kind.rpartition(" ")[2] for kind in found} >= {"common", "rare"}
    assert all(queries for queries in found.values())
