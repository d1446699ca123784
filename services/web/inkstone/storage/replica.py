"""A second server that only reads, left aside while it is away or behind."""

import asyncio
import logging
from datetime import timedelta

from inkstone.domain.errors import Unavailable
from inkstone.storage import heartbeat
from inkstone.storage.database import Database

log = logging.getLogger(__name__)

MOST_BEHIND = timedelta(seconds=3)
_LOOK_SECONDS = 1.0


class Replica:
    """What may be read from while it is `usable`; `watch` finds out, and until then it is not."""

    def __init__(self, primary: Database, database: Database) -> None:
        self.database = database
        self.usable = False
        self._primary = primary

    async def watch(self) -> None:
        """Look at it once a second; to run as a task until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Find out how far behind it is: by the primary's clock on both sides, so that no two clocks have to agree."""
        try:
            async with self.database.connection() as db:
                shown = await heartbeat.last(db)
        except Unavailable as error:
            self.leave_aside(str(error))
            return
        try:
            async with self._primary.connection() as db:
                newest = await heartbeat.beat(db)
        except Unavailable:
            return  # it may be the only one that can be read: it stays what it was
        if newest - shown > MOST_BEHIND:
            self.leave_aside(f"it is {(newest - shown).total_seconds():.0f} s behind")
        else:
            self._take_back()

    def leave_aside(self, why: str) -> None:
        """Not to be used until it has been looked at again."""
        if self.usable:
            log.warning("the database's replica is left aside: %s", why)
        self.usable = False

    def _take_back(self) -> None:
        if not self.usable:
            log.warning("the database's replica is read from")
        self.usable = True
