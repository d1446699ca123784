"""Nothing holds up the event loop: every route is exercised on a server that raises where something would."""

import pytest

from tests import servers
from tests.conftest import Browser, visit
from tests.samples import ADDRESSES, SAMPLES
from tests.servers import Blog

BLOCKED = "BlockingError"


def check(blog: Blog, said: int) -> None:
    """Nothing has been found since the log had that many characters; else all of it is shown."""
    log = blog.log[said:]
    assert BLOCKED not in log, log


def test_every_route_has_a_sample():
    assert sorted(SAMPLES) == sorted(ADDRESSES)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_route_blocks(client: Browser, cast, blog: Blog, scene, address):
    client.sign_in(cast.ada)
    said = len(blog.log)

    reply = await scene.play(client, address)

    assert reply.status == SAMPLES[address].status, reply.text
    check(blog, said)


@pytest.mark.parametrize("address", [address for address in ADDRESSES if address.startswith("GET ")])
async def test_no_route_blocks_for_visitors(client: Browser, cast, blog: Blog, scene, address):
    said = len(blog.log)

    reply = await scene.play(client, address, **{"Accept-Encoding": "gzip"})

    assert reply.status < 500, reply.text
    check(blog, said)


async def test_large_requests_and_answers_do_not_block(client: Browser, cast, blog: Blog, scene):
    client.sign_in(cast.ada)
    said = len(blog.log)
    large = {"name": "Large", "status": "published", "content": "Many *words* in `code()` 茶。\n\n" * 20_000}

    made = await client.post("/api/posts", json=large)
    shown = await client.get(f"/post/{made.json['slug']}", headers={"Accept-Encoding": "gzip"})

    assert (made.status, shown.status) == (201, 200)
    check(blog, said)


@pytest.mark.parametrize("planted", ["sleep", "read"])
@pytest.mark.xdist_group("planted")
async def test_the_detector_finds_what_is_planted(planted_blog: Blog, planted):
    async with visit(planted_blog) as make:
        reply = await make().get(f"/planted/{planted}")

    assert reply.status == 500
    assert BLOCKED in planted_blog.log


@pytest.fixture(scope="module")
def planted_blog(database_url: str):
    """The application with two handlers that block."""
    with servers.gunicorn(database_url, "tests.detecting:planted") as blog:
        yield blog.wait()
