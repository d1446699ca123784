"""A second server that only reads, left aside while it is away or behind."""

import asyncio
import logging
from datetime import datetime, timedelta

from inkstone.domain.errors import Busy, Unavailable
from inkstone.storage import heartbeat, schema
from inkstone.storage.database import Database

log = logging.getLogger(__name__)

NAME = "the database's replica"
REPLICA_ROLE = "replica"
MOST_BEHIND = timedelta(seconds=3)
_LOOK_SECONDS = 1.0
_ASK_AGAIN_SECONDS = 0.02


class Replica:
    """What may be read from while it is `usable`; `watch` finds out, and until then it is not."""

    def __init__(self, primary: Database, database: Database) -> None:
        self.database = database
        self._primary = primary
        self._answers = False
        # As far as could be told when the primary was last heard of: while that is away nothing newer can be read.
        self._current = False
        self._said: str | None = None

    @property
    def usable(self) -> bool:
        return self._answers and self._current

    async def watch(self) -> None:
        """Look at it once a second; to run as a task until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Find out whether it answers and how far behind it is."""
        try:
            newest = await self._beat()
            async with self.database.connection() as db:
                shown = await heartbeat.last(db)
                await schema.check(db)
            self._judge(newest, shown)
        except Busy:
            pass  # too many read from it, so it is there
        except Exception as error:  # whatever is wrong with it: somebody has to go on looking
            self.leave_aside(str(error))

    def _judge(self, newest: datetime | None, shown: datetime) -> None:
        self._answers = True
        if newest:
            self._current = newest - shown <= MOST_BEHIND
        if self._current:
            self._say("is read from")
        elif newest:
            self._say("is left aside: it is behind", f"what it shows is of {shown:%Y-%m-%d %H:%M:%S} UTC")

    async def _beat(self) -> datetime | None:
        """What a replica that is not behind shows; None where that can't be told.

        It is what was written a second ago or so, and both times are the primary's: no two clocks have to agree. After
        a while without a primary, or without anybody who writes, even one that is far behind shows the newest beat.
        """
        try:
            async with self._primary.connection() as db:
                newest, now = await heartbeat.beat(db)
        except Unavailable:
            return None
        return newest if now - newest <= MOST_BEHIND else None

    def leave_aside(self, why: str) -> None:
        """Not to be used until it has been looked at again."""
        self._answers = False
        self._say(f"is left aside: {why}")

    def _say(self, what: str, detail: str = "") -> None:
        """Once, and not at each look."""
        if what != self._said:
            log.warning("%s %s%s", NAME, what, detail and f", {detail}")
        self._said = what


async def delay(primary: Database, replica: Database) -> timedelta:
    """How long what is written takes to come to the replica; raises Unavailable where it is MOST_BEHIND or more."""
    async with primary.connection() as db:
        newest = await heartbeat.write(db)
    async with replica.connection() as db:
        await schema.check(db)
        started = asyncio.get_running_loop().time()
        while True:
            taken = timedelta(seconds=asyncio.get_running_loop().time() - started)
            if await heartbeat.last(db) >= newest:
                return taken
            if taken > MOST_BEHIND:
                raise Unavailable(f"The database's replica is more than {MOST_BEHIND.seconds} seconds behind.")
            await asyncio.sleep(_ASK_AGAIN_SECONDS)
