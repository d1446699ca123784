"""The pool: whoever is cancelled, killed or late, the next one gets a good connection or is told that there is none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Busy, Unavailable
from inkstone.metrics.catalogue import Metrics
from inkstone.storage import database as pooling
from inkstone.storage import driver
from inkstone.storage.database import Database, Duplicate
from inkstone.storage.figures import Usage
from tests.restarting import Server
from tests.storage.asking import COUNT, INSERT, identity, one
from tests.storage.conftest import until

# MySQL would rather be asked by a name that MariaDB doesn't have.
pytestmark = pytest.mark.filterwarnings("ignore:'INFORMATION_SCHEMA.PROCESSLIST' is deprecated")


async def in_mid_query(pool: Database, processes) -> "asyncio.Task[object]":
    """A task that has a connection and waits for its answer."""
    task = asyncio.create_task(one(pool, "SELECT SLEEP(20)"))

    async def runs() -> bool:
        return "SELECT SLEEP(20)" in (await processes()).values()

    await until(runs)
    return task


async def test_waiters_are_served_after_a_borrower_is_cancelled_in_mid_query(pools, processes):
    pool = pools(1)
    borrower = await in_mid_query(pool, processes)
    waiters = [asyncio.create_task(one(pool, f"SELECT {number}")) for number in range(5)]
    await asyncio.sleep(0)  # they wait

    borrower.cancel()

    assert await asyncio.gather(*waiters) == [0, 1, 2, 3, 4]
    assert borrower.cancelled()


async def test_a_waiter_that_is_cancelled_takes_no_place_with_it(pools):
    pool = pools(1)
    async with pool.connection():
        waiters = [asyncio.create_task(one(pool, "SELECT 1")) for _ in range(3)]
        await asyncio.sleep(0)
        waiters[0].cancel()
        waiters[1].cancel()
        await asyncio.wait(waiters[:2])

    assert await waiters[2] == 1
    assert await asyncio.gather(*[one(pool, "SELECT 2") for _ in range(3)]) == [2, 2, 2]


async def test_a_connection_is_used_again(pools):
    pool = pools(2)

    async with pool.connection() as db:
        first = await identity(db)

    assert await one(pool, "SELECT CONNECTION_ID()") == first


async def test_a_cancelled_querys_connection_is_never_used_again(pools):
    pool = pools(1)
    async with pool.connection() as db:
        first = await identity(db)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await db.one("SELECT SLEEP(1), 'the answer of the query before'")
                pytest.fail("it was to be cancelled")

    async with pool.connection() as db:
        assert await db.one("SELECT 'mine'") == ("mine",)
        assert await identity(db) != first


async def test_when_all_are_out_the_next_is_told_so(pools, monkeypatch):
    monkeypatch.setattr(pooling, "ACQUIRE_SECONDS", 0.2)
    pool = pools(1)

    async with pool.connection():
        first = asyncio.create_task(in_use(pool))
        second = asyncio.create_task(one(pool, "SELECT 1"))
        await asyncio.sleep(0.1)
    waited = await asyncio.gather(first, second, return_exceptions=True)

    assert isinstance(waited[1], Busy)
    assert await one(pool, "SELECT 1") == 1


async def in_use(pool: Database) -> None:
    async with pool.connection():
        await asyncio.sleep(0.5)


async def test_when_none_comes_back_the_server_is_to_blame(pools, monkeypatch):
    monkeypatch.setattr(pooling, "ACQUIRE_SECONDS", 0.1)
    pool = pools(2)

    async with pool.connection(), pool.connection():
        with pytest.raises(Unavailable, match="too long") as raised:
            await one(pool, "SELECT 1")

    assert not isinstance(raised.value, Busy)
    assert await one(pool, "SELECT 1") == 1


async def test_a_statement_that_takes_too_long_is_given_up(pools, monkeypatch):
    monkeypatch.setattr(driver, "STATEMENT_SECONDS", 0.2)
    pool = pools(1)

    with pytest.raises(Unavailable, match="too long"):
        await one(pool, "SELECT SLEEP(20)")

    assert await one(pool, "SELECT 1") == 1


async def test_after_a_statement_that_took_too_long_no_idle_connection_is_trusted(pools, monkeypatch):
    """Where the server has fallen silent each of them would take as long."""
    pool = pools(3)
    idle = await asyncio.gather(*[one(pool, "SELECT CONNECTION_ID() FROM (SELECT SLEEP(0.1)) s") for _ in range(3)])
    monkeypatch.setattr(driver, "STATEMENT_SECONDS", 0.2)

    with pytest.raises(Unavailable, match="too long"):
        await one(pool, "SELECT SLEEP(20)")

    assert len(set(idle)) == 3
    assert await one(pool, "SELECT CONNECTION_ID()") not in idle


@pytest.fixture
async def silent(monkeypatch) -> AsyncIterator[tuple[str, "asyncio.Queue[asyncio.StreamWriter]"]]:
    """A database that takes connections and says nothing, nor hangs up: its URL, and who has come."""
    monkeypatch.setattr(driver, "CONNECT_SECONDS", 20)
    come: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: come.put_nowait(writer), "127.0.0.1", 0)
    async with server:
        yield f"mysql://ink:stone@127.0.0.1:{server.sockets[0].getsockname()[1]}/blog", come


async def test_while_the_database_is_silent_one_tries_and_the_others_are_told_so(silent, pools, monkeypatch):
    url, come = silent
    pool = pools(4, url)
    first = asyncio.create_task(one(pool, "SELECT 1"))
    (await come.get()).close()
    with pytest.raises(Unavailable):
        await first
    monkeypatch.setattr(pooling, "_ATTEMPT_SECONDS", 0.05)

    trier = asyncio.create_task(one(pool, "SELECT 1"))
    attempt = await come.get()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await one(pool, "SELECT 1")

    assert not trier.done()
    assert come.empty()
    attempt.close()
    with pytest.raises(Unavailable):
        await trier


async def test_those_who_wait_for_one_who_tries_go_by_what_comes_of_it(silent, pools, monkeypatch):
    url, come = silent
    pool = pools(4, url)
    first = asyncio.create_task(one(pool, "SELECT 1"))
    (await come.get()).close()
    with pytest.raises(Unavailable):
        await first
    monkeypatch.setattr(pooling, "_ATTEMPT_SECONDS", 20)

    tasks = [asyncio.create_task(one(pool, "SELECT 1")) for _ in range(4)]
    (await come.get()).close()

    assert [type(error) for error in await asyncio.gather(*tasks, return_exceptions=True)] == [Unavailable] * 4
    assert come.empty()


async def test_a_read_on_a_lost_connection_is_tried_again(pools, kill):
    pool = pools(1)
    async with pool.connection() as db:
        first = await identity(db)
        await kill(first)

        second = await identity(db)

        assert second != first
        await kill(second)
        assert await db.all("SELECT 1 UNION SELECT 2") == ((1,), (2,))


async def test_a_write_on_a_lost_connection_is_not(pools, kill):
    pool = pools(1)
    async with pool.connection() as db:
        await kill(await identity(db))

        with pytest.raises(Unavailable, match="was lost"):
            await db.run(INSERT, "2026-01")

    assert await one(pool, COUNT) == 0


async def test_a_transaction_that_loses_its_connection_fails_as_a_whole(pools, kill):
    pool = pools(1)

    with pytest.raises(Unavailable, match="was lost"):
        async with pool.transaction() as db:
            await db.run(INSERT, "2026-01")
            await kill(await identity(db))
            await db.one("SELECT 1")

    assert await one(pool, COUNT) == 0


async def test_a_transaction_begins_on_a_good_connection(pools, kill):
    pool = pools(1)
    await kill(await one(pool, "SELECT CONNECTION_ID()"))

    async with pool.transaction() as db:
        await db.run(INSERT, "2026-01")

    assert await one(pool, COUNT) == 1


async def test_whichever_idle_connection_the_server_closes_is_replaced_ahead_of_need(
    pools, processes, kill, monkeypatch
):
    monkeypatch.setattr(pooling, "_REFILL_SECONDS", 0.02)
    pool = pools(3)
    idle = await asyncio.gather(*[one(pool, "SELECT CONNECTION_ID() FROM (SELECT SLEEP(0.1)) s") for _ in range(3)])
    before = set(await processes())
    filling = asyncio.create_task(pool.keep_filled())

    for replaced, connection_id in enumerate(idle, 1):
        await kill(connection_id)

        async def filled(replaced: int = replaced) -> bool:
            return len(set(await processes()) - before) == replaced

        await until(filled)

    filling.cancel()


async def test_old_connections_are_replaced(pools, monkeypatch):
    pool = pools(1)
    first = await one(pool, "SELECT CONNECTION_ID()")

    monkeypatch.setattr(driver, "RECYCLE_SECONDS", 0)

    assert await one(pool, "SELECT CONNECTION_ID()") != first


async def test_the_server_hangs_up_on_those_only_whom_the_pool_would_not_use_again(pools):
    """Not much later either: it may never hear that its client has gone, and keeps what that one had locked."""
    seconds = await one(pools(1), "SELECT @@wait_timeout")

    assert driver.RECYCLE_SECONDS < seconds <= 2 * driver.RECYCLE_SECONDS


async def test_a_closed_pool_hands_nothing_back_to_its_idle_ones(pools, processes):
    pool = pools(1)
    async with pool.connection() as db:
        connection_id = await identity(db)
        await pool.close()

    async def gone() -> bool:
        return connection_id not in await processes()

    await until(gone)


@pytest.mark.xdist_group("restarts")
async def test_the_pool_outlives_a_restart_of_the_server(spare: Server, pools):
    pool = pools(3, spare.url)
    await asyncio.gather(*[one(pool, "SELECT SLEEP(0.1)") for _ in range(3)])

    spare.stop()
    for _ in range(4):
        with pytest.raises(Unavailable):
            await one(pool, "SELECT 1")
    spare.start()

    assert await asyncio.gather(*[one(pool, "SELECT 1") for _ in range(6)]) == [1] * 6


@pytest.mark.xdist_group("restarts")
async def test_connections_are_there_ahead_of_need_and_again_after_a_restart(spare: Server, pools, monkeypatch):
    monkeypatch.setattr(pooling, "_REFILL_SECONDS", 0.05)
    watcher, pool = pools(1, spare.url), pools(3, spare.url)

    async def filled() -> bool:
        async with watcher.connection() as db:
            return len([row for row in await db.all("SHOW PROCESSLIST") if row[3] == "inkstone"]) == 3 + 1

    spare.stop()
    filling = asyncio.create_task(pool.keep_filled())
    for _ in range(2):
        spare.start()
        await until(filled)
        spare.stop()
        with pytest.raises(Unavailable):
            await one(pool, "SELECT 1")

    assert not filling.done()
    filling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await filling


async def test_who_waits_for_a_connection_and_who_gets_none_are_counted(database: Database, database_url: str):
    metrics = Metrics()
    pool = Database(DatabaseAddress.parse(database_url), 1, metrics=metrics)
    async with pool.connection():
        late = asyncio.create_task(one(pool, COUNT))
        with pytest.raises(Unavailable):
            await one(pool, COUNT)
        with contextlib.suppress(Unavailable):
            await late
        assert pool.usage == Usage(size=1, in_use=1, idle=0, reachable=True)

    assert await one(pool, COUNT) == 0

    assert sum(metrics.pool_waits.by["primary",].counts) == 2
    assert metrics.pool_waits.by["primary",].seconds >= 2 * pooling.ACQUIRE_SECONDS
    assert metrics.pool_refusals.by["primary",] == 2
    assert sum(metrics.query_time.by["asking.one",].counts) == 1
    assert pool.usage == Usage(size=1, in_use=0, idle=1, reachable=True)
    await pool.close()


async def test_a_statement_that_fails_has_taken_its_time_too(database: Database, database_url: str):
    metrics = Metrics()
    pool = Database(DatabaseAddress.parse(database_url), 1, metrics=metrics)
    async with pool.connection() as db:
        await db.run(INSERT, "2026-01")
        with pytest.raises(Duplicate):
            await db.run(INSERT, "2026-01")
    await pool.close()

    name = "test_database.test_a_statement_that_fails_has_taken_its_time_too"
    assert sum(metrics.query_time.by[name,].counts) == 2


async def test_an_attempt_that_fails_is_remembered(database_url: str):
    away = Database(DatabaseAddress.parse("mysql://ink@127.0.0.1:1/inkstone"), 1)

    with pytest.raises(Unavailable):
        await one(away, COUNT)

    assert not away.usage.reachable
