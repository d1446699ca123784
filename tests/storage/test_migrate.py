"""The migrations: from empty, twice, by two at once, after an accident."""

import contextlib

import pytest

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Conflict, Unavailable
from inkstone.storage import migrate as module
from inkstone.storage.migrate import migrate
from inkstone.storage.schema import EXPECTED, REVISIONS, TABLES
from tests import servers
from tests.commands import inkstone, start
from tests.conftest import visit
from tests.restarting import Server, connect, run
from tests.servers import wait_for

pytestmark = pytest.mark.xdist_group("restarts")


def migrated(url: str) -> list[str]:
    """What a migration says that it does."""
    told: list[str] = []
    migrate(DatabaseAddress.parse(url), wait_seconds=5, progress=told.append)
    return told


def tables(url: str) -> set[object]:
    return {row[0] for row in run(url, "SHOW TABLES")}


def version(url: str) -> list[tuple[object, ...]]:
    return run(url, "SELECT version_num FROM alembic_version")


def pretend(url: str, revision: str) -> None:
    run(url, f"UPDATE alembic_version SET version_num = '{revision}'")


def test_from_empty_and_again(spare: Server):
    assert migrated(spare.url) == REVISIONS
    assert tables(spare.url) == {"alembic_version", *TABLES}
    assert version(spare.url) == [(EXPECTED,)]

    assert migrated(spare.url) == []


def test_every_table_has_a_primary_key_and_is_innodb(spare: Server):
    """Group Replication insists on both, and whatever replicates rows is slow without the first."""
    migrated(spare.url)
    keyed = (
        "SELECT t.table_name, t.engine, k.constraint_type FROM information_schema.tables t"
        " LEFT JOIN information_schema.table_constraints k ON k.table_schema = t.table_schema"
        " AND k.table_name = t.table_name AND k.constraint_type = 'PRIMARY KEY' WHERE t.table_schema = DATABASE()"
    )

    found = run(spare.url, keyed)

    assert {row[0] for row in found} == tables(spare.url)
    assert [row for row in found if row[1:] != ("InnoDB", "PRIMARY KEY")] == []


def test_two_at_once_do_the_work_once(spare: Server):
    both = [start("migrate", database_url=spare.url) for _ in range(3)]
    said = [process.communicate() for process in both]

    assert [process.returncode for process in both] == [0, 0, 0], said
    applied = [line for output, _ in said for line in output.splitlines() if line.startswith("applied ")]
    assert sorted(applied) == [f"applied {revision}" for revision in REVISIONS]


@pytest.mark.parametrize("at", [REVISIONS[0], REVISIONS[-2]])
def test_what_died_between_a_change_and_its_record_is_repaired(spare: Server, at):
    migrated(spare.url)
    run(spare.url, "INSERT INTO months (month, posts) VALUES ('2026-01', 7)")
    pretend(spare.url, at)

    assert migrated(spare.url) == REVISIONS[REVISIONS.index(at) + 1 :]

    assert run(spare.url, "SELECT posts FROM months") == [(7,)]


def test_a_newer_schema_is_left_alone(spare: Server):
    migrated(spare.url)
    pretend(spare.url, "9999_future")

    with pytest.raises(Conflict, match="9999_future"):
        migrated(spare.url)
    done = inkstone("migrate", database_url=spare.url)

    assert done.returncode == 1
    assert done.stderr.startswith("inkstone: The database's schema is 9999_future, newer than this release's")
    assert done.stderr.count("\n") == 1
    assert version(spare.url) == [("9999_future",)]


@pytest.fixture
def lock(spare: Server) -> "contextlib.closing[object]":
    return hold_lock(spare)


def hold_lock(spare: Server) -> "contextlib.closing[object]":
    connection = connect(spare.url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK('inkstone.migrate.inkstone', 0)")
        assert cursor.fetchone() == (1,)
    return contextlib.closing(connection)


def test_where_nothing_is_missing_nobody_is_waited_for(spare: Server, monkeypatch):
    migrated(spare.url)
    monkeypatch.setattr(module, "LOCK_SECONDS", 0)

    with hold_lock(spare):
        assert migrated(spare.url) == []


def test_a_dead_migrators_lock_holds_up_nobody(spare: Server, lock):
    with lock:
        process = start("migrate", database_url=spare.url)
        wait_for(lambda: _waits(spare.url), "the wait for the lock")
        assert tables(spare.url) == set()

    output, error = process.communicate()

    assert process.returncode == 0, error
    assert f"The schema is {EXPECTED}." in output


def _waits(url: str) -> bool:
    return any("GET_LOCK" in str(row[7]) for row in run(url, "SHOW FULL PROCESSLIST"))


def test_a_lock_that_nobody_gives_back_is_said(spare: Server, lock, monkeypatch):
    monkeypatch.setattr(module, "LOCK_SECONDS", 0)

    with lock, pytest.raises(Unavailable, match="Another migration"):
        migrated(spare.url)


def test_a_database_that_is_away_is_waited_for(spare: Server):
    spare.stop()
    process = start("migrate", database_url=spare.url)
    try:
        assert inkstone("migrate", "--wait", "0", database_url=spare.url).returncode == 1
        assert process.poll() is None
    finally:
        spare.start()

    assert process.wait() == 0
    process.communicate()


async def test_an_older_schema_is_not_ready_until_it_is_migrated(spare: Server):
    migrated(spare.url)
    pretend(spare.url, REVISIONS[-2])
    with servers.gunicorn(spare.url) as blog:
        async with visit(blog.wait()) as browsers:
            browser = browsers()
            assert (await browser.get("/readyz")).status == 503
            assert (await browser.get("/healthz")).status == 200

            pretend(spare.url, "9999_future")
            assert (await browser.get("/readyz")).status == 200
