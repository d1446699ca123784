"""When a replica of the database may be read from: as far as its heartbeat tells"""

from datetime import UTC, datetime, timedelta

import pytest

from inkstone.config import DatabaseAddress
from inkstone.domain.errors import Unavailable
from inkstone.storage import replica as module
from inkstone.storage.database import Database
from inkstone.storage.migrate import migrate
from inkstone.storage.replica import NAME, Replica, delay
from inkstone.storage.schema import REVISIONS
from tests.restarting import Server, run

pytestmark = pytest.mark.xdist_group("restarts")

HOUR = timedelta(hours=1)


@pytest.fixture
async def primary(database: Database, database_url: str) -> Database:
    """A blog that nobody has looked after for an hour."""
    beats(database_url, -HOUR)
    return database


@pytest.fixture
async def second(spare: Server) -> Database:
    """Another server with the schema, to which nothing is replicated: tests do."""
    migrate(DatabaseAddress.parse(spare.url), wait_seconds=5, progress=lambda _: None)
    beats(spare.url, -HOUR)
    database = Database(DatabaseAddress.parse(spare.url), 2, NAME)
    yield database
    await database.close()


def beats(url: str, ago: timedelta) -> None:
    """Have a server show the heartbeat of then."""
    run(url, f"UPDATE heartbeat SET beat = '{(datetime.now(UTC) + ago):%Y-%m-%d %H:%M:%S.%f}'")


async def test_a_heartbeat_that_is_old_on_both_sides_proves_nothing(primary, second, spare):
    replica = Replica(primary, second)

    await replica.look()
    assert not replica.usable
    await replica.look()
    assert not replica.usable

    beats(spare.url, timedelta())
    await replica.look()
    assert replica.usable


async def test_a_replica_that_was_left_aside_is_used_again_though_the_primary_is_away(primary, second, spare, caplog):
    away = Database(DatabaseAddress.parse("mysql://ink@127.0.0.1:1/inkstone"), 1)
    replica = Replica(primary, second)
    await replica.look()
    beats(spare.url, timedelta())
    await replica.look()

    replica._primary = away
    replica.leave_aside("somebody had to wait too long")
    assert not replica.usable
    await replica.look()

    assert replica.usable


async def test_a_replica_without_the_newest_schema_is_left_aside(primary, second, spare):
    replica = Replica(primary, second)
    await replica.look()
    beats(spare.url, timedelta())
    run(spare.url, f"UPDATE alembic_version SET version_num = '{REVISIONS[-2]}'")

    await replica.look()

    assert not replica.usable


async def test_whatever_is_wrong_with_a_replica_it_is_left_aside_and_looked_at_again(primary, second, spare, caplog):
    replica = Replica(primary, second)
    await replica.look()
    run(spare.url, "ALTER TABLE heartbeat MODIFY beat VARCHAR(50) NOT NULL")
    await replica.look()
    await replica.look()
    assert not replica.usable
    (said,) = [record.message for record in caplog.records]
    assert said.startswith(f"{NAME} is left aside: ")

    run(spare.url, "ALTER TABLE heartbeat MODIFY beat DATETIME(6) NOT NULL")
    beats(spare.url, timedelta())
    await replica.look()

    assert replica.usable


async def test_how_late_a_replica_is(primary, second, spare, monkeypatch):
    monkeypatch.setattr(module, "MOST_BEHIND", timedelta(seconds=0.1))
    with pytest.raises(Unavailable, match="behind"):
        await delay(primary, second)

    beats(spare.url, HOUR)
    assert await delay(primary, second) < timedelta(seconds=0.1)
