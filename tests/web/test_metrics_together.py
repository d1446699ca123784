"""GET /metrics of several processes on one port"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.bench.load import children
from tests.conftest import visit
from tests.scraping import Scrape, scrape
from tests.servers import Blog
from tests.storage.conftest import until

HOME = {"route": "home", "method": "read", "status": "200"}


@pytest.fixture
def both(database_url: str) -> Iterator[Blog]:
    """The application with two workers."""
    with servers.gunicorn(database_url, WORKERS="2") as blog:
        yield blog.wait()


async def ask(blog: Blog) -> Scrape:
    """By a connection of its own, which either of them takes."""
    async with visit(blog) as make:
        return await scrape(make())


async def read(blog: Blog, times: int) -> None:
    for _ in range(times):
        async with visit(blog) as make:
            assert (await make().get("/")).status == 200


def places(blog: Blog) -> list[Path]:
    """The folder of each worker that has one."""
    workers = children(blog.process.pid)
    return [path.parent for one in workers for path in Path("/dev/shm").glob(f"inkstone-metrics-*/{one}.json")]


async def folder(blog: Blog) -> Path:
    """Where the two put their numbers together, once both are there."""

    async def complete() -> bool:
        return len(places(blog)) == 2

    await until(complete)
    (place,) = set(places(blog))
    return place


async def test_either_answers_for_both(both: Blog, database):
    async def told() -> bool:
        answers = [await ask(both) for _ in range(10)]
        return {(one.get("inkstone_requests_total", **HOME), one.get("inkstone_processes")) for one in answers} == {
            (30, 2)
        }

    await read(both, 30)

    await until(told)
    one = await ask(both)
    assert one.get("inkstone_request_duration_seconds_count", route="home") == 30
    assert one.get("inkstone_query_duration_seconds_count", query="posts.latest") == 30
    assert one.get("inkstone_pool_size") == 16
    assert one.get("inkstone_database_reachable") == 1
    assert len(list((await folder(both)).glob("*.json"))) == 2


async def test_what_was_told_outlives_who_counted_it(both: Blog, database):
    async def replaced() -> bool:
        return len(children(both.process.pid)) == 2 and (await ask(both)).get("inkstone_processes") == 2

    place = await folder(both)
    told = 0.0
    for _ in range(4):
        await read(both, 10)
        # Whoever answers: never less than was told before, else Prometheus would take it for a new beginning.
        told = max(told, (await ask(both)).get("inkstone_requests_total", **HOME))
        gone = children(both.process.pid)[0]

        os.kill(gone, signal.SIGKILL)

        await until(lambda gone=gone: not_among(gone, both))
        await until(replaced)
        for _ in range(4):
            assert (await ask(both)).get("inkstone_requests_total", **HOME) >= told
        assert len(list(place.glob("*.json"))) == 2
    assert told > 10


async def not_among(worker: int, blog: Blog) -> bool:
    return worker not in children(blog.process.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_nothing_stays_behind(both: Blog, database, number):
    place = await folder(both)

    both.process.send_signal(number)

    async def gone() -> bool:
        return not place.exists()

    await until(gone)


@pytest.fixture
def folders() -> Iterator[Callable[[int], Path]]:
    """Others' folders, last written to so many seconds ago."""
    made: list[Path] = []

    def make(age: int) -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="inkstone-metrics-", dir="/dev/shm")))
        (made[-1] / "1.json").write_text("{}")
        os.utime(made[-1], (time.time() - age,) * 2)
        return made[-1]

    yield make
    for one in made:
        shutil.rmtree(one, ignore_errors=True)


async def test_what_others_left_is_swept_and_what_they_use_is_not(folders: Callable[[int], Path], database_url: str):
    left, used = folders(7200), folders(60)

    with servers.gunicorn(database_url, WORKERS="2") as blog:
        blog.wait()

        assert (left.exists(), used.exists()) == (False, True)


async def test_one_alone_needs_no_folder(database_url: str):
    with servers.gunicorn(database_url) as blog:
        assert places(blog.wait()) == []
