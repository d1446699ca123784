"""Reading from a real replica, on MariaDB; tests/stack/test_replication.py looks at MySQL, and at far more"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from inkstone.config import DatabaseAddress
from inkstone.storage.migrate import migrate
from tests import commands, restarting, servers
from tests.conftest import Browser, visit
from tests.restarting import Server, as_root
from tests.servers import PASSWORD, Blog, free_port, wait_for
from tests.storage.conftest import until

pytestmark = pytest.mark.xdist_group("restarts")

ADMIN = {"ADMIN_EMAIL": "ada@blog.test", "ADMIN_PASSWORD": PASSWORD}


@dataclass(frozen=True)
class Pair:
    source: Server
    replica: Server


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Two servers, of which the second follows the first."""
    port, password = free_port(), secrets.token_urlsafe(12)
    listen = ["--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}"]
    with (
        restarting.mariadb("--server-id=1", "--log-bin=binlog", *listen) as source,
        restarting.mariadb("--server-id=2", "--read-only=ON") as replica,
    ):
        as_root(source, f"RESET MASTER; CREATE USER replication@'127.0.0.1' IDENTIFIED BY '{password}'")
        as_root(source, "GRANT REPLICATION SLAVE ON *.* TO replication@'127.0.0.1'")
        as_root(
            replica,
            f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {port}, MASTER_USER = 'replication',"
            f" MASTER_PASSWORD = '{password}', MASTER_USE_GTID = slave_pos; START SLAVE",
        )
        migrate(DatabaseAddress.parse(source.url), wait_seconds=5, progress=lambda _: None)
        assert commands.inkstone("migrate", database_url=source.url, **ADMIN).returncode == 0
        wait_for(lambda: has_administrator(replica), "the replication of the schema")
        yield Pair(source, replica)


def has_administrator(server: Server) -> bool:
    there = bool(restarting.run(server.url, "SHOW TABLES LIKE 'alembic_version'"))
    return there and bool(restarting.run(server.url, "SELECT 1 FROM users"))


@pytest.fixture(scope="module")
def blog(pair: Pair) -> Iterator[Blog]:
    with servers.gunicorn(pair.source.url, READ_DATABASE_URL=pair.replica.url) as blog:
        yield blog.wait()


async def finds(browser: Browser, slug: str) -> bool:
    return (await browser.get(f"/post/{slug}")).status == 200


async def is_read_from(blog: Blog, times: int) -> bool:
    """Whether that was said, so often."""
    return blog.log.count("replica is read from") >= times


async def publish(browser: Browser, name: str) -> str:
    draft = {"name": name, "content": "Some *words*.", "status": "published"}
    answer = await browser.post("/api/posts", json=draft)
    return str(answer.json["slug"])


async def test_a_replica_is_read_from_but_while_it_is_behind(pair: Pair, blog: Blog):
    async with visit(blog) as browsers:
        visitor, ada = browsers(), browsers()
        assert (
            await ada.post("/api/authenticate", json={"email": "ada@blog.test", "password": PASSWORD})
        ).status == 200
        await until(lambda: is_read_from(blog, times=1))
        before = await publish(ada, "Before")
        await until(lambda: finds(visitor, before))

        as_root(pair.replica, "STOP SLAVE SQL_THREAD")
        news = await publish(ada, "News")
        assert await finds(ada, news)
        assert not await finds(visitor, news)
        await until(lambda: finds(visitor, news))
        assert "left aside: it is behind" in blog.log

        as_root(pair.replica, "START SLAVE SQL_THREAD")
        await until(lambda: is_read_from(blog, times=2))
        assert await finds(visitor, news)


def test_check_says_how_it_is(pair: Pair):
    good = commands.inkstone("check", database_url=pair.source.url, READ_DATABASE_URL=pair.replica.url)

    assert good.returncode == 0, good
    assert "replica   ok: 10." in good.stdout
