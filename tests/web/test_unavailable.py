"""Every page while the database is away, and after"""

import pytest

from inkstone.config import DatabaseAddress
from inkstone.storage.migrate import migrate
from tests import servers
from tests.commands import inkstone
from tests.conftest import Browser, visit
from tests.restarting import Server
from tests.servers import PASSWORD
from tests.storage.conftest import until

pytestmark = pytest.mark.xdist_group("restarts")

ADDRESSES = ["/", "/post/hello", "/feed.atom", "/search?q=x", "/manage/posts", "/api/posts", "/readyz", "/nothing"]
ADMIN = {"ADMIN_EMAIL": "ada@blog.test", "ADMIN_PASSWORD": PASSWORD}


async def ready(browser: Browser) -> bool:
    return (await browser.get("/readyz")).status == 200


async def test_the_blog_says_so_and_recovers_by_itself(spare: Server):
    inkstone("migrate", database_url=spare.url, **ADMIN)
    with servers.gunicorn(spare.url) as blog:
        async with visit(blog.wait()) as browsers:
            visitor, ada = browsers(), browsers()
            await until(lambda: ready(visitor))
            assert (await ada.post("/signin", data={"email": "ada@blog.test", "password": PASSWORD})).status == 303
            form = {"name": "Hello", "content": "Some words.", "status": "published"}
            assert (await ada.post("/manage/posts/new", data=form)).status == 303
            assert (await visitor.get("/post/hello")).status == 200

            spare.stop()
            for browser in (visitor, ada):
                for address in ADDRESSES:
                    if address == "/manage/posts" and browser is visitor:
                        continue  # that's answered without the database
                    reply = await browser.get(address)
                    assert reply.status == 503, address
                    assert int(reply.headers["Retry-After"]) > 0
                    assert "no-store" in reply.headers["Cache-Control"]
            assert (await ada.post("/manage/posts/new", data=form)).status == 503
            assert (await visitor.post("/signin", data={"email": "a", "password": "b"})).status == 503
            for address in ("/healthz", "/robots.txt", "/signin"):
                assert (await visitor.get(address)).status == 200

            spare.start()
            await until(lambda: ready(visitor))
            assert (await visitor.get("/post/hello")).status == 200
            assert (await ada.get("/manage/posts")).status == 200
            assert (await ada.post("/manage/posts/new", data=form)).status == 303
            assert blog.process.poll() is None


async def test_started_before_its_database_it_becomes_ready_by_itself(spare: Server):
    spare.stop()
    with servers.gunicorn(spare.url) as blog:
        async with visit(blog.wait()) as browsers:
            visitor = browsers()
            assert (await visitor.get("/healthz")).status == 200
            assert (await visitor.get("/readyz")).status == 503
            assert (await visitor.get("/")).status == 503

            spare.start()
            reply = await visitor.get("/")
            assert reply.status == 503
            assert not await ready(visitor)  # without its schema
            assert not await ready(visitor)

            migrate(DatabaseAddress.parse(spare.url), wait_seconds=5, progress=lambda _: None)
            await until(lambda: ready(visitor))
            assert "Nothing has been published yet." in (await visitor.get("/")).text
            lines = [
                line.partition("inkstone.web.health: ")[2] for line in blog.log.splitlines() if ".health: " in line
            ]
            said = [line.partition("  [")[0] for line in lines]
            assert said == [
                "not ready: The database can't be reached.",
                "not ready: The database's schema is not ready: run `inkstone migrate`.",
                "ready",
            ]
