"""The primary's pulse: one row, written once a second by whoever comes first, and carried on by replication."""

from datetime import datetime

from inkstone.domain.errors import Unavailable
from inkstone.storage.database import Connection


async def beat(db: Connection) -> datetime:
    """On the primary: write the time, unless it was written within the last second; the newest one there is."""
    await db.run(
        "UPDATE heartbeat SET beat = UTC_TIMESTAMP(6) WHERE id = 1 AND beat < UTC_TIMESTAMP(6) - INTERVAL 1 SECOND"
    )
    return await last(db)


async def last(db: Connection) -> datetime:
    """The newest one that has come to this server."""
    row = await db.one("SELECT beat FROM heartbeat WHERE id = 1")
    if row is None:
        raise Unavailable("The database's schema is not ready: run `inkstone migrate`.")
    found: datetime = row[0]
    return found
