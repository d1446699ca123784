"""Transactions, whole or not at all; and what the server answers, whatever its size, or refuses"""

import asyncio
from datetime import UTC, datetime

import pymysql
import pytest

from inkstone.domain.errors import Unavailable
from inkstone.storage.database import Duplicate
from tests.storage.asking import COUNT, INSERT, identity, one


async def test_a_transaction_is_committed_at_its_end(pools):
    pool = pools(2)

    async with pool.transaction() as db:
        await db.run(INSERT, "2026-01")
        assert await one(pool, COUNT) == 0

    assert await one(pool, COUNT) == 1


async def test_a_transaction_is_rolled_back_when_anything_is_raised(pools):
    pool = pools(1)

    with pytest.raises(ZeroDivisionError):
        async with pool.transaction() as db:
            await db.run(INSERT, "2026-01")
            _ = 1 / 0

    assert await one(pool, COUNT) == 0


@pytest.mark.parametrize("statement", ["SELECT SLEEP(1)", None])
async def test_a_transaction_is_rolled_back_when_it_is_cancelled(pools, statement):
    pool = pools(1)
    written = asyncio.Event()

    async def work() -> None:
        async with pool.transaction() as db:
            await db.run(INSERT, "2026-01")
            written.set()
            await (db.one(statement) if statement else asyncio.sleep(20))

    task = asyncio.create_task(work())
    await written.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    # A server that is in mid-query notices at its end that its client has gone; until then it keeps the row locked.
    async with pool.transaction() as db:
        await db.run(INSERT, "2026-01")
    assert await one(pool, COUNT) == 1


async def test_what_fails_behind_a_savepoint_is_undone_alone(pools):
    pool = pools(1)

    async with pool.transaction() as db:
        await db.run(INSERT, "2026-01")
        with pytest.raises(Duplicate):
            async with db.savepoint():
                await db.run(INSERT, "2026-02")
                await db.run(INSERT, "2026-01")
        async with db.savepoint():
            await db.run(INSERT, "2026-03")

    async with pool.connection() as db:
        assert await db.all("SELECT month FROM months ORDER BY month") == (("2026-01",), ("2026-03",))


async def test_of_two_that_wait_for_each_other_one_goes_on(pools):
    """The server undoes a deadlock's victim whole: its savepoint is gone too, and that must not hide the reason."""
    pool = pools(2)
    async with pool.transaction() as db:
        await db.run(INSERT, "2026-01")
        await db.run(INSERT, "2026-02")
    both = asyncio.Barrier(2)

    async def work(first: str, second: str) -> None:
        async with pool.transaction() as db:
            await db.run("UPDATE months SET posts = posts + 1 WHERE month = %s", first)
            await both.wait()
            async with db.savepoint():
                await db.run("UPDATE months SET posts = posts + 1 WHERE month = %s", second)

    results = await asyncio.gather(work("2026-01", "2026-02"), work("2026-02", "2026-01"), return_exceptions=True)

    assert sorted(map(type, results), key=str) == sorted([type(None), Unavailable], key=str), results
    assert await one(pool, "SELECT SUM(posts) FROM months") == 4


@pytest.mark.parametrize(
    ("row", "key"),
    [(("0" * 32, "ada@blog.test", "Other"), "PRIMARY"), (("1" * 32, "ADA@blog.test", "Other"), "users_email"),
     (("1" * 32, "other@blog.test", "ÄDA'S.x"), "users_name")],
)  # fmt: skip
async def test_a_duplicate_names_its_key(database, row, key):
    insert = (
        "INSERT INTO users (id, email, name, role, credential, created_at) VALUES (%s, %s, %s, 'reader', '', NOW())"
    )
    async with database.connection() as db:
        await db.run(insert, "0" * 32, "ada@blog.test", "Ada's.x")

        with pytest.raises(Duplicate) as caught:
            await db.run(insert, *row)

    assert caught.value.key == key


@pytest.mark.parametrize(
    ("number", "text", "why"),
    [
        (1114, "The table 'posts' is full", "its disk is full"),
        (1030, 'Got error 28 "No space left on device" from storage engine InnoDB', "its disk is full"),
        (1026, "Error writing file '/tmp/MLfd=41' (errno: 28 - No space left on device)", "its disk is full"),
        (1290, "The server is running with the --read-only option", "it is read-only"),
    ],
)
async def test_a_server_that_can_not_save_is_said_to(pools, caplog, number, text, why):
    signal = f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = %s"

    async with pools(1).connection() as db:
        with pytest.raises(Unavailable, match="can't save anything"):
            await db.run(signal, text)

        assert f"the database takes no writes, {why}: " in caplog.text
        assert await db.one("SELECT 1") == (1,)


@pytest.mark.parametrize(
    "time",
    [datetime(2026, 5, 4, 3, 2, 1, 123456, UTC), datetime(1000, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],
)
async def test_times_and_texts_come_back_as_they_went(database, time):
    text = "茶 🍵 \\ ' \" % %s \u202e \x1a"
    insert = "INSERT INTO users (id, name, role, credential, created_at) VALUES (%s, %s, 'reader', '', %s)"
    async with database.connection() as db:
        await db.run(insert, "0" * 32, text, time)

        assert await db.one("SELECT name, created_at FROM users WHERE name = %s", text) == (text, time)


@pytest.mark.parametrize("size", [0, 1, 250, 251, 65_535, 65_536, 2**24 - 20, 2**24 - 4, 2**24, 2**24 + 1, 2**25])
async def test_a_result_of_any_size_arrives(pools, size):
    async with pools(1).connection() as db:
        assert await db.all(f"SELECT REPEAT('x', {size}), NULL, 1 UNION ALL SELECT '', 'y', 2") == (
            ("x" * size, None, 1),
            ("", "y", 2),
        )
        assert await db.one("SELECT 'next'") == ("next",)


async def test_many_rows_arrive(pools):
    numbers = "SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n n FROM " + ", ".join(
        f"({' UNION '.join(f'SELECT {digit} n' for digit in range(10))}) {name}" for name in "abcd"
    )
    async with pools(1).connection() as db:
        rows = await db.all(f"SELECT n, REPEAT('茶', MOD(n, 300)) FROM ({numbers}) numbers ORDER BY n")

    assert list(rows) == [(number, "茶" * (number % 300)) for number in range(10_000)]


async def test_a_result_that_ends_with_an_error_leaves_a_good_connection(pools):
    async with pools(1).connection() as db:
        first = await identity(db)

        for _ in range(3):
            with pytest.raises(pymysql.err.Error):
                await db.all("SELECT 1 UNION SELECT (SELECT 1 UNION SELECT 2)")
            assert await db.one("SELECT 'good'") == ("good",)

        assert await identity(db) == first
