"""Reading from a real replica: beside its source, behind it, without it, and it without its source"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests import replication, servers
from tests.commands import inkstone
from tests.conftest import Browser, Reply, visit
from tests.replication import Node, Pair
from tests.servers import PASSWORD, Blog
from tests.stack.test_faults import PATIENCE
from tests.storage.conftest import until

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

ADMIN = {"ADMIN_EMAIL": "ada@blog.test", "ADMIN_PASSWORD": PASSWORD}
# So many seconds after a replica fell behind nobody reads from it.
NOTICED = 8.0
# More than the connections that the tests' application has.
READERS = 16
PAGES = ["/", "/post/hello", "/feed.atom", "/archive", "/tag/words", "/api/posts", "/search?q=words", "/sitemap.xml"]
Trouble = Callable[[Pair], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """A source with a blog's schema and an administrator; the replica has a post that no other server has."""
    with replication.mysql() as pair:
        done = inkstone("migrate", database_url=pair.source.url, **ADMIN)
        assert done.returncode == 0, done
        servers.wait_for(pair.follows, "the replication of the schema")
        columns = "id, slug, name, summary, excerpt, content, html, tags, author_id, created_at, updated_at"
        pair.run_on_replica_alone(
            f"INSERT INTO posts ({columns}, version, comment_count, published_at) SELECT REPEAT('f', 32),"
            " 'only-there', 'Only there', '', '', '', '', '[]', id, created_at, created_at, 1, 0, created_at FROM users"
        )
        yield pair


@pytest.fixture(scope="module")
def blog(pair: Pair) -> Iterator[Blog]:
    with servers.gunicorn(pair.source.url, READ_DATABASE_URL=pair.replica.url) as blog:
        yield blog.wait()


@pytest.fixture
async def visitor(blog: Blog, pair: Pair) -> AsyncIterator[Browser]:
    """Somebody who is not signed in and reads from the replica."""
    async with visit(blog) as browsers:
        visitor = browsers()
        await until(lambda: reads_replica(visitor))
        yield visitor


@pytest.fixture
async def ada(blog: Blog, visitor: Browser) -> AsyncIterator[Browser]:
    """Ada, signed in, with a post at /post/hello."""
    async with visit(blog) as browsers:
        ada = browsers()
        answer = await ada.post("/api/authenticate", json={"email": "ada@blog.test", "password": PASSWORD})
        assert answer.status == 200, answer
        if (await ada.get("/post/hello")).status == 404:
            assert (await publish(ada, "Hello")).status == 201
        await until(lambda: finds(visitor, "/post/hello"))
        yield ada


async def publish(browser: Browser, name: str) -> Reply:
    draft = {"name": name, "content": "Some *words*.", "tags": ["words"], "status": "published"}
    return await browser.post("/api/posts", json=draft)


async def finds(browser: Browser, path: str) -> bool:
    return (await browser.get(path)).status == 200


async def reads_replica(browser: Browser) -> bool:
    return await finds(browser, "/post/only-there")


async def reads_source(browser: Browser) -> bool:
    return not await reads_replica(browser)


def selects(node: Node) -> int:
    return int(str(node.root("SHOW GLOBAL STATUS LIKE 'Com_select'")[0][1]))


@contextlib.asynccontextmanager
async def reading(blog: Blog) -> AsyncIterator[list[tuple[str, int, float]]]:
    """Many visitors who read one page after the other: where, what came, and after how many seconds."""
    answers: list[tuple[str, int, float]] = []

    async def read(browser: Browser, first: int) -> None:
        for path in itertools.islice(itertools.cycle(PAGES), first, None):
            began = time.monotonic()
            answer = await browser.get(path)
            answers.append((path, answer.status, time.monotonic() - began))
            await asyncio.sleep(0.02)

    async with visit(blog) as browsers:
        tasks = [asyncio.create_task(read(browsers(), number)) for number in range(READERS)]
        try:
            yield answers
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ended} == {asyncio.CancelledError}, ended


async def more(answers: list[tuple[str, int, float]], number: int = 4 * READERS) -> None:
    """Wait for as many answers again as there are visitors, and more."""
    enough = len(answers) + number

    async def came() -> bool:
        return len(answers) >= enough

    await until(came)


def assert_nobody_noticed(answers: list[tuple[str, int, float]]) -> None:
    assert {status for _, status, _ in answers} == {200}, [answer for answer in answers if answer[1] != 200]
    assert max(seconds for _, _, seconds in answers) < PATIENCE


async def test_the_replica_answers_visitors_and_the_source_those_who_are_signed_in(pair, visitor, ada):
    assert await reads_source(ada)
    before = selects(pair.source), selects(pair.replica)

    for _ in range(100):
        assert await finds(visitor, "/")
    source, replica = selects(pair.source) - before[0], selects(pair.replica) - before[1]

    assert replica >= 100
    # The heartbeat, and this test's own question.
    assert source < 50


@pytest.mark.parametrize("trouble", [Pair.standing_still, Pair.late], ids=["standing still", "late"])
async def test_a_replica_that_falls_behind_hides_no_post_for_long(pair, visitor, ada, trouble: Trouble):
    with trouble(pair):
        began = time.monotonic()
        slug = (await publish(ada, f"News of {trouble.__name__}")).json["slug"]
        assert await finds(ada, f"/post/{slug}")
        assert slug in [post["slug"] for post in (await ada.get("/api/posts")).json["items"]]
        assert (await visitor.get(f"/post/{slug}")).status == 404

        await until(lambda: finds(visitor, f"/post/{slug}"))
        assert time.monotonic() - began < NOTICED
        assert await reads_source(visitor)

    await until(lambda: reads_replica(visitor))
    assert await finds(visitor, f"/post/{slug}")


@pytest.mark.parametrize(("leave", "back"), [(Node.stop, Node.start), (Node.pause, Node.resume)], ids=["dead", "dumb"])
async def test_nobody_notices_that_the_replica_is_away(pair, blog, visitor, ada, leave, back):
    async with reading(blog) as answers:
        await more(answers)
        leave(pair.replica)
        try:
            await until(lambda: reads_source(visitor))
            await more(answers)
        finally:
            back(pair.replica)
        await until(lambda: reads_replica(visitor))
        await more(answers)

    assert_nobody_noticed(answers)
    assert blog.log.count("Traceback") == 0


async def test_visitors_go_on_reading_while_the_source_is_away(pair, blog, visitor, ada):
    async with reading(blog) as answers:
        pair.source.stop()
        try:
            await more(answers)
            assert await reads_replica(visitor)
            assert (await publish(ada, "Lost")).status == 503
            assert (await ada.get("/post/hello")).status == 503
            assert (await visitor.get("/readyz")).status == 200
        finally:
            pair.source.start()
        await until(lambda: finds(ada, "/post/hello"))
        news = await publish(ada, "Found")
        await until(lambda: finds(visitor, f"/post/{news.json['slug']}"))

    assert news.status == 201
    assert_nobody_noticed(answers)


async def test_a_replica_that_was_away_together_with_its_source_is_read_from_before_that_is_back(pair, visitor, ada):
    pair.source.stop()
    pair.replica.stop()
    try:
        assert (await visitor.get("/")).status == 503
        pair.replica.start()
        await until(lambda: reads_replica(visitor))
    finally:
        pair.replica.start()
        pair.source.start()

    await until(lambda: finds(ada, "/post/hello"))
    servers.wait_for(pair.follows, "that the replica follows again")


async def test_nobody_waits_for_long_while_both_say_nothing(pair, visitor, ada):
    for node in (pair.source, pair.replica):
        node.pause()
    try:
        began = time.monotonic()
        statuses = [answer.status for answer in await asyncio.gather(*[visitor.get(path) for path in PAGES])]
        waited = time.monotonic() - began
    finally:
        for node in (pair.source, pair.replica):
            node.resume()
    await until(lambda: finds(ada, "/post/hello"))

    assert set(statuses) == {503}
    assert waited < PATIENCE


async def test_search_works_while_the_servers_statistics_say_that_there_is_nothing(pair, visitor, ada):
    """As they do after a crash soon after the first post."""
    try:
        pair.source.root("UPDATE mysql.innodb_table_stats SET n_rows = 0 WHERE table_name = 'post_search'")
        pair.source.root("FLUSH TABLES post_search")

        found = await ada.get("/api/search?q=words")
    finally:
        pair.source.root("ANALYZE TABLE post_search")

    assert found.status == 200
    assert found.json["items"]


def test_check_says_how_the_replica_is(pair, ada):
    good = inkstone("check", database_url=pair.source.url, READ_DATABASE_URL=pair.replica.url)
    with pair.standing_still():
        behind = inkstone("check", database_url=pair.source.url, READ_DATABASE_URL=pair.replica.url)

    assert good.returncode == 0, good
    assert "replica   ok: 9.7" in good.stdout
    assert behind.returncode == 1
    assert behind.stderr == "inkstone: The database's replica is more than 3 seconds behind.\n"
