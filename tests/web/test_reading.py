"""Who reads from a replica of the database, and what happens when it is away or behind"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pymysql
import pytest

from inkstone.config import DatabaseAddress
from inkstone.storage.migrate import migrate
from tests import servers
from tests.conftest import Browser, visit
from tests.restarting import Server
from tests.servers import Blog
from tests.storage.conftest import until

pytestmark = pytest.mark.xdist_group("restarts")

SYNCHRONOUS, BEHIND = timedelta(days=1), timedelta(seconds=-10)
PAGES = ["/", "/post/hello", "/feed.atom", "/archive", "/tag/words", "/author/Alice", "/api/posts", "/api/tags"]


def replicate(url: str, ahead: timedelta) -> None:
    """Have the replica look as if the primary's pulse of then had come to it."""
    address = DatabaseAddress.parse(url)
    with pymysql.connect(
        unix_socket=address.unix_socket, user=address.user, password=address.password, database=address.name
    ) as db:
        db.cursor().execute("UPDATE heartbeat SET beat = %s", (datetime.now(UTC) + ahead,))
        db.commit()


@pytest.fixture
def replica(spare: Server) -> Server:
    """A second server with the schema and without any post: whoever reads from it finds none."""
    migrate(DatabaseAddress.parse(spare.url), wait_seconds=5, progress=lambda _: None)
    replicate(spare.url, SYNCHRONOUS)
    return spare


@pytest.fixture
def blog(database_url: str, replica: Server) -> Iterator[Blog]:
    with servers.gunicorn(database_url, READ_DATABASE_URL=replica.url) as blog:
        yield blog.wait()


async def finds(browser: Browser, path: str) -> bool:
    return (await browser.get(path)).status == 200


async def reads_replica(browser: Browser) -> bool:
    return (await browser.get("/post/hello")).status == 404


async def test_visitors_read_from_the_replica_and_who_is_signed_in_does_not(blog, replica, cast, post):
    async with visit(blog) as browsers:
        visitor, carol = browsers(), browsers().sign_in(cast.carol)
        await until(lambda: reads_replica(visitor))

        assert (await carol.get("/post/hello")).status == 200
        assert (await visitor.get("/api/posts")).json["items"] == []
        assert len((await carol.get("/api/posts")).json["items"]) == 1
        form = {"email": "carol@blog.test", "password": servers.PASSWORD}
        assert (await visitor.post("/signin", data=form)).status == 303


async def test_visitors_notice_nothing_when_the_replica_goes(blog, replica, post):
    async with visit(blog) as browsers:
        visitor = browsers()
        await until(lambda: reads_replica(visitor))

        replica.stop()
        statuses = [(await visitor.get(path)).status for path in PAGES]

        assert statuses == [200, 200, 200, 200, 404, 200, 200, 200]
        assert "replica is left aside" in blog.log

        replica.start()
        replicate(replica.url, SYNCHRONOUS)
        await until(lambda: reads_replica(visitor))


async def test_a_replica_that_is_behind_is_left_aside_until_it_is_not(blog, replica, post):
    async with visit(blog) as browsers:
        visitor = browsers()
        await until(lambda: reads_replica(visitor))

        replicate(replica.url, BEHIND)
        await until(lambda: finds(visitor, "/post/hello"))
        assert "s behind" in blog.log

        replicate(replica.url, SYNCHRONOUS)
        await until(lambda: reads_replica(visitor))


async def test_the_replica_alone_is_read_from_while_the_primary_is_away(database_url, spare, cast, post):
    migrate(DatabaseAddress.parse(spare.url), wait_seconds=5, progress=lambda _: None)
    replicate(database_url, SYNCHRONOUS)
    with servers.gunicorn(spare.url, READ_DATABASE_URL=database_url) as blog:
        async with visit(blog.wait()) as browsers:
            visitor = browsers()
            await until(lambda: finds(visitor, "/post/hello"))

            spare.stop()

            assert (await visitor.get("/post/hello")).status == 200
            assert (await visitor.get("/readyz")).status == 200
            assert (await visitor.post("/signin", data={"email": "a", "password": "b"})).status == 503
            assert (await browsers().sign_in(cast.carol).get("/post/hello")).status == 503
