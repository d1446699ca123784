"""Pools of one's own, connections to watch and to kill, and a database that is full."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from inkstone.config import DatabaseAddress
from inkstone.storage.database import Database
from tests import conftest
from tests.restarting import Server, run
from tests.servers import PATIENCE
from tests.storage.rows import build, content, inkstone, rich, store

Kill = Callable[[int], Awaitable[None]]


async def until(happened: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is true; the limit only keeps a broken test from waiting for ever."""
    async with asyncio.timeout(PATIENCE):
        while not await happened():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture
async def pools(database: Database, database_url: str) -> AsyncIterator[Callable[..., Database]]:
    """Pools of one's own on the emptied database: `pools(size)`."""
    async with contextlib.AsyncExitStack() as stack:

        def make(size: int = 1, url: str = database_url) -> Database:
            made = Database(DatabaseAddress.parse(url), size)
            stack.push_async_callback(made.close)
            return made

        yield make


@pytest.fixture
def processes(pool: Database) -> Callable[[], Awaitable[dict[int, str]]]:
    """The server's connections, as it sees them: what each is doing by its id."""

    async def processes() -> dict[int, str]:
        async with pool.connection() as db:
            return {row[0]: row[7] or "" for row in await db.all("SHOW FULL PROCESSLIST")}

    return processes


@pytest.fixture
def kill(pool: Database, processes: Callable[[], Awaitable[dict[int, str]]]) -> Kill:
    """End a connection from the server's side, and wait until it has ended."""

    async def kill(connection_id: int) -> None:
        async def gone() -> bool:
            return connection_id not in await processes()

        async with pool.connection() as db:
            await db.run(f"KILL {connection_id}")
        await until(gone)

    return kill


@pytest.fixture(scope="module")
def full(database_url: str) -> str:
    """A database with something in each table, and with what is hard to carry; no test changes it. Its URL."""
    for table in conftest.TABLES:
        run(database_url, f"DELETE FROM {table}")
    rich(database_url)
    return database_url


@pytest.fixture(scope="module")
def whole(full: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "backup.tar.gz"
    done = inkstone("backup", str(path), database_url=full)
    assert (done.returncode, done.stderr) == (0, "")
    return path.read_bytes()


@pytest.fixture
def archive(whole: bytes, tmp_path: Path) -> Path:
    """A copy of that backup, to be changed."""
    path = tmp_path / "backup.tar.gz"
    path.write_bytes(whole)
    return path


@pytest.fixture
def untouched(spare: Server) -> Iterator[None]:
    """What is in the spare database stays as it is."""
    build(spare.url)
    store(spare.url, "months", month="1970-01")
    before = content(spare.url)
    yield
    assert content(spare.url) == before
