"""GET /development/…, and the script that listens to it: for those who work on the blog, and nobody else"""

from collections.abc import Iterator

import pytest

from tests import servers
from tests.conftest import visit
from tests.servers import Blog

PAGES = ["/", "/post/hello", "/search?q=x", "/signin", "/api/docs", "/there/is/none"]


@pytest.fixture(scope="module")
def workshop(database_url: str) -> Iterator[Blog]:
    """The blog as `make dev` runs it."""
    with servers.gunicorn(database_url, DEVELOPMENT="on") as blog:
        yield blog.wait()


@pytest.fixture
async def developer(workshop, database):
    async with visit(workshop) as browsers:
        yield browsers()


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_of_a_blog_knows_nothing_of_it(client, post, path):
    assert "development" not in (await client.get(path)).text


@pytest.mark.parametrize("path", ["/development/page.js", "/development/changes", "/development/"])
async def test_a_blog_has_none_of_its_addresses(client, path):
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_has_the_script_under_the_same_policy(developer, client, post, path):
    page, product = await developer.get(path), await client.get(path)

    assert page.text.count('<script type="module" src="/development/page.js?release=') == 1
    assert page.headers.get("Content-Security-Policy") == product.headers.get("Content-Security-Policy")


async def test_the_script_is_never_kept(developer):
    script = await developer.get("/development/page.js")

    assert (script.status, script.headers["Cache-Control"]) == (200, "no-store")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert "EventSource" in script.text


async def test_who_listens_hears_the_release_that_made_the_page(developer):
    page = (await developer.get("/")).text

    async with developer.session.get("/development/changes") as stream:
        told = [await stream.content.readline() for _ in range(4)]

    release = page.split("?release=")[1].split('"')[0]
    assert stream.headers["X-Accel-Buffering"] == "no"
    assert told == [b"retry: 200\n", b"event: release\n", f"data: {release}\n".encode(), b"\n"]


async def test_it_ends_although_somebody_listens(database_url):
    with servers.gunicorn(database_url, DEVELOPMENT="on") as blog:
        blog.wait()
        async with visit(blog) as browsers, browsers().session.get("/development/changes") as stream:
            blog.process.terminate()

            assert (await stream.content.read()).endswith(b"\n\n")
            assert blog.process.wait() == 0


def test_a_public_blog_is_not_started_so(database_url):
    settings = {"DEVELOPMENT": "on", "SITE_URL": "https://blog.test"}
    with servers.gunicorn(database_url, **settings) as blog, pytest.raises(RuntimeError) as said:
        blog.wait()

    assert "INKSTONE_DEVELOPMENT makes no sense" in str(said.value)
