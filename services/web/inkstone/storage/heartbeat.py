"""The primary's pulse: one row, written once a second by whoever comes first, and carried on by replication."""

from datetime import datetime

from inkstone.domain.errors import Unavailable
from inkstone.storage.database import Connection, Row


async def beat(db: Connection) -> tuple[datetime, datetime]:
    """On the primary: write the time, unless it was written within the last second.

    Answers the one before and the time at which it was looked at, by the primary's clock.
    """
    before, now = await _read(db)
    await db.run(
        "UPDATE heartbeat SET beat = UTC_TIMESTAMP(6) WHERE id = 1 AND beat < UTC_TIMESTAMP(6) - INTERVAL 1 SECOND"
    )
    return before, now


async def write(db: Connection) -> datetime:
    """On the primary: write the time in any case, and answer what stands there now."""
    await db.run("UPDATE heartbeat SET beat = UTC_TIMESTAMP(6) WHERE id = 1")
    return await last(db)


async def last(db: Connection) -> datetime:
    """The newest one that has come to this server."""
    found: datetime = (await _read(db))[0]
    return found


async def _read(db: Connection) -> Row:
    row = await db.one("SELECT beat, UTC_TIMESTAMP(6) FROM heartbeat WHERE id = 1")
    if row is None:
        raise Unavailable("The database's schema is not ready: run `inkstone migrate`.")
    return row
