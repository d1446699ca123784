"""SQL about sign-in attempts: all replicas slow down the same guesser together."""

from datetime import timedelta

from inkstone.domain.errors import TooManyAttempts
from inkstone.storage import clock
from inkstone.storage.database import Connection

LONGEST_WAIT = 900
"""Seconds between two attempts at most; after twice as long without one, all is forgotten."""


def wait_after(attempts: int, free: int) -> int:
    """Seconds to wait after so many attempts, of which `free` cost nothing: none, then doubling.

    >>> [wait_after(attempts, free=5) for attempts in (4, 5, 6, 7, 20)]
    [0, 1, 2, 4, 900]
    """
    return 0 if attempts < free else min(LONGEST_WAIT, 1 << min(attempts - free, 20))


async def count(db: Connection, subject: str, *, free: int) -> None:
    """Count an attempt before it is made, so that a hundred at once are a hundred. Run it in a transaction.

    Raises TooManyAttempts when the one before is too recent. `subject` is a SHA-256 in hex.
    """
    now = clock.now()
    # The row is made first, so that there is one to lock.
    await db.run(
        "INSERT INTO sign_in_attempts (subject, attempts, last_at) VALUES (%s, 0, %s)"
        " ON DUPLICATE KEY UPDATE subject = subject",
        subject, now,
    )  # fmt: skip
    row = await db.one("SELECT attempts, last_at FROM sign_in_attempts WHERE subject = %s FOR UPDATE", subject)
    attempts, last_at = row or (0, now)
    age = (now - last_at).total_seconds()
    if age > 2 * LONGEST_WAIT:
        attempts = 0
    wait = wait_after(attempts, free) - age
    if wait > 0:
        raise TooManyAttempts(int(wait) + 1)
    await db.run(
        "UPDATE sign_in_attempts SET attempts = %s, last_at = %s WHERE subject = %s", attempts + 1, now, subject
    )


async def take_back(db: Connection, subject: str) -> None:
    """Uncount an attempt that succeeded."""
    await db.run("UPDATE sign_in_attempts SET attempts = attempts - 1 WHERE subject = %s AND attempts > 0", subject)


async def forget(db: Connection, subject: str) -> None:
    """Forget all attempts after one that succeeded, and a few that are too old to matter."""
    await db.run("DELETE FROM sign_in_attempts WHERE subject = %s", subject)
    old = clock.now() - timedelta(seconds=2 * LONGEST_WAIT)
    await db.run("DELETE FROM sign_in_attempts WHERE last_at < %s LIMIT 100", old)
