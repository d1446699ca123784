"""Pools of one's own, and connections to watch and to kill."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from inkstone.config import DatabaseAddress
from inkstone.storage.database import Database
from tests.servers import PATIENCE

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
