"""On a blog of 5,000 posts, no statement of the application reads or sorts much more than it answers.

Every statement is caught at the driver during a walk over all addresses: there is no list of them to forget one in.
The plans are those of a million posts (docs/performance.md).
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from inkstone.config import DatabaseAddress
from inkstone.domain import rendering
from inkstone.domain.posts import Draft, Post, slugify
from inkstone.domain.users import Role, User
from inkstone.storage import posts, users
from inkstone.storage.database import Database
from inkstone.storage.driver import Link
from inkstone.storage.migrate import migrate
from tests import explaining, samples, servers
from tests.bench import bulk, crowd, texts
from tests.conftest import Browser, Cast, visit
from tests.explaining import Told
from tests.samples import ADDRESSES, SAMPLES
from tests.servers import Blog

SIZE = 5_000
PAGE = 101  # the longest list there is, and one row more
IMAGES = 300
PLACES = (SIZE // 20, SIZE // 2, SIZE * 9 // 10)  # how far back lists are read
SCHEDULED_POSTS = 150

# What is not held to the rule: a part of its statement -> why.
SEARCH = {
    "AGAINST": "every match is ranked: as many as storage/frequent.py thinks they may be",
    "AS has0": "a sample of a thousand posts says which words are frequent",
    "SUM(posts)": "there are as many months as the blog is old",
}
SCHEDULED = {"AND p.published_at > %s ORDER BY p.id": "all that are scheduled are sorted: they are few"}

FURTHER = """
    /?before={cursor} /tag/{tag} /tag/{tag}?before={cursor} /tag/{rare}
    /archive/{month} /archive/{month}?before={cursor}
    /author/{author} /author/{author}?before={cursor} /post/{slug} /search?q={word} /sitemap/{month}.xml
    /manage/posts?before={id} /manage/posts?status=draft /manage/posts?status=draft&before={id}
    /manage/posts?status=scheduled /manage/posts?status=published /manage/posts?status=published&before={id}
    /manage/comments?status=approved /manage/comments?status=approved&before={id} /manage/comments?status=spam
    /api/posts?before={cursor} /api/posts?tag={tag} /api/posts?tag={tag}&before={cursor} /api/posts?limit=100
    /api/posts?status=draft /api/posts?status=published&before={id} /api/comments?status=approved&before={id}
    /api/posts/{id} /api/posts/{id}/comments /api/users?before={id} /api/tags?before=m /api/media?limit=100
    /api/search?q={word} /account
"""


@pytest.fixture(scope="module")
def large_url(new_server: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A server of its own, which nobody empties."""
    with new_server() as url:
        migrate(DatabaseAddress.parse(url), wait_seconds=60, progress=lambda _: None)
        bulk.write(url, texts.made_up(), SIZE, lambda *_: None)
        yield url


@pytest.fixture(scope="module")
async def large(large_url: str) -> AsyncIterator[Database]:
    database = Database(DatabaseAddress.parse(large_url), 2)
    async with database.transaction() as db:
        await db.run(
            "INSERT INTO media (id, type, width, height, bytes, name, owner_id, created_at, data)"
            " SELECT SHA2(id, 256), 'image/png', 1, 1, 20000, '', author_id, created_at, REPEAT('x', 20000)"
            " FROM posts ORDER BY id LIMIT %s",
            IMAGES,
        )
        await db.run(
            "UPDATE posts SET published_at = '2125-12-01' WHERE published_at IS NOT NULL ORDER BY id LIMIT %s",
            SCHEDULED_POSTS,
        )
        await db.run("UPDATE users SET name = 'Alice' WHERE id = %s", crowd.AUTHORS[0])
        await db.run("ANALYZE TABLE media")
    yield database
    await database.close()


@pytest.fixture(scope="module")
def large_blog(large_url: str) -> Iterator[Blog]:
    with servers.gunicorn(large_url, "tests.explaining:application") as blog:
        yield blog.wait()


class Walk:
    """Somebody who goes everywhere, as everybody."""

    def __init__(self, database: Database, blog: Blog, credential: str) -> None:
        self.database, self.blog, self.credential = database, blog, credential
        self.texts = texts.made_up()

    async def go(self) -> None:
        async with visit(self.blog) as make:
            for address in ADDRESSES:
                await self.play(address, make)
            await self.look_around(make)

    async def play(self, address: str, make: Callable[[], Browser]) -> None:
        """Send the sample of a route, as the administrator and as a visitor."""
        cast = await self.cast()
        scene = await samples.make_scene(self.database, cast, self.write)
        reply = await scene.play(make().sign_in(cast.ada), address)
        assert reply.status == SAMPLES[address].status, self.blog.log[-2000:]
        if address.startswith("GET "):
            await scene.play(make(), address)

    async def look_around(self, make: Callable[[], Browser]) -> None:
        """The addresses behind question marks, as an administrator, as authors of much and of little, and as nobody."""
        cast = await self.cast()
        authors = [await self.user(crowd.AUTHORS[rank]) for rank in (0, -1)]
        for user in (cast.ada, *authors, None):
            browser = make().sign_in(user) if user else make()
            for path in dict.fromkeys(
                path.format(**self.names(number)) for number in PLACES for path in FURTHER.split()
            ):
                reply = await browser.get(path)
                assert reply.status in {200, 303, 401, 403}, self.blog.log[-2000:]

    def names(self, number: int) -> dict[str, str]:
        """A post, the tags of most and of fewest posts, and a word."""
        known = self.texts
        post = crowd.Crowd(known, SIZE).sketch(number)
        word = post.paragraphs[0].text.split()[0][:4]
        return {
            "cursor": post.cursor, "id": post.id, "slug": post.slug, "month": f"{post.created:%Y-%m}", "word": word,
            "tag": slugify(known.tags[0]), "rare": slugify(known.tags[-1]), "author": "Alice",
        }  # fmt: skip

    async def cast(self) -> Cast:
        """The known cast as it was, whatever a request has made of it; all but Carol are the crowd's."""
        async with self.database.transaction() as db:
            await db.run("DELETE FROM users WHERE name IN ('Carol', 'Dora')")
            await db.run("UPDATE users SET credential = %s", self.credential)
            carol = await users.insert(
                db, email="carol@blog.test", name="Carol", role=Role.READER, credential=self.credential
            )
            ada, *authors = [await users.get(db, one) for one in (crowd.ADMINISTRATOR, *crowd.AUTHORS[:2])]
            return Cast(ada, *authors, carol)

    async def user(self, user_id: str) -> User:
        async with self.database.connection() as db:
            return await users.get(db, user_id)

    async def write(self, author: User, **fields: object) -> Post:
        draft = Draft.parse({"status": "published", **fields})
        async with self.database.transaction() as db:
            return await posts.get(db, await posts.insert(db, author.id, draft, rendering.render(draft)))


@pytest.fixture(scope="module")
async def told(large: Database, large_blog: Blog, credential: str) -> list[Told]:
    """All that the application asked of the database during the walk."""
    await Walk(large, large_blog, credential).go()
    return explaining.parse(large_blog.log)


def scans(told: Told) -> bool:
    """Whether a table is read from end to end, that has more than a page."""
    whole = any(step.access == "ALL" and not step.table.startswith("<") for step in told.steps)
    return whole and told.read > PAGE


def sorts(told: Told) -> bool:
    """Whether more is sorted than a page; LIMIT doesn't make less of it, though the server then counts less."""
    filesort = any("filesort" in step.extra and not step.table.startswith("<") for step in told.steps)
    return told.sorted > PAGE or (filesort and told.read > PAGE)


def reads(told: Told) -> bool:
    """Whether much more is read than answered; a row of a list may need one of each of four tables."""
    return told.read > 10 * (told.answered + 10)


def broken(told: list[Told], rule: Callable[[Told], bool], *exceptions: dict[str, str]) -> list[str]:
    excepted = [part for some in exceptions for part in some]
    return sorted({str(one) for one in told if rule(one) and not any(part in one.sql for part in excepted)})


def test_no_statement_reads_a_table_from_end_to_end(told: list[Told]):
    assert broken(told, scans, SEARCH) == []


def test_no_statement_sorts_more_than_a_page(told: list[Told]):
    assert broken(told, sorts, SEARCH, SCHEDULED) == []


def test_no_statement_reads_much_more_than_it_answers(told: list[Told]):
    assert broken(told, reads, SEARCH) == []


@pytest.mark.parametrize("part", [*SEARCH, *SCHEDULED])
def test_an_exception_is_still_needed(told: list[Told], part: str):
    assert any(part in one.sql for one in told)


@pytest.mark.parametrize("table", ["posts", "post_tags", "post_search", "comments", "users", "media", "tags", "months"])
def test_the_walk_has_met_each_large_table(told: list[Told], table: str):
    statements = {one.sql for one in told if f" {table}" in one.sql}

    assert {sql.split()[0] for sql in statements} >= {"SELECT", "INSERT"}, statements


@pytest.mark.parametrize(
    ("planted", "rules"),
    [
        ("SELECT COUNT(*) FROM posts WHERE summary = 'no'", [scans, reads]),
        ("SELECT id FROM posts ORDER BY name LIMIT 5", [scans, sorts, reads]),
        ("SELECT id FROM comments WHERE status = 'approved' AND content = 'no'", [reads]),
        ("SELECT id FROM posts WHERE published_at IS NOT NULL ORDER BY updated_at LIMIT 5", [sorts, reads]),
    ],
)
async def test_the_rules_find_what_is_planted(large_url: str, planted: str, rules: list[Callable[[Told], bool]]):
    link = await Link.open(DatabaseAddress.parse(large_url))
    _, told = await explaining.explain(link, planted, ())
    await link.say_goodbye()

    assert [rule for rule in rules if not rule(told)] == [], told
