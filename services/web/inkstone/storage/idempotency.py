"""SQL about Idempotency-Key: a creating call that is sent again answers what it created the first time."""

from datetime import timedelta

from inkstone.domain.errors import Conflict
from inkstone.storage import clock
from inkstone.storage.database import Connection, Duplicate

KEPT = timedelta(days=1)


async def claim(db: Connection, key_hash: str, request_hash: str) -> str | None:
    """Claim a key for this transaction; answers what an earlier call with it created, or None for the first.

    A second call at the same moment waits here until the first has committed. Raises Conflict where the key came with
    another request.
    """
    await db.run("DELETE FROM idempotency_keys WHERE created_at < %s LIMIT 100", clock.now() - KEPT)
    try:
        await db.run(
            "INSERT INTO idempotency_keys (key_hash, request_hash, resource_id, created_at) VALUES (%s, %s, '', %s)",
            key_hash, request_hash, clock.now(),
        )  # fmt: skip
    except Duplicate:
        row = await db.one("SELECT request_hash, resource_id FROM idempotency_keys WHERE key_hash = %s", key_hash)
        if row is None or row[0] != request_hash:
            raise Conflict("This Idempotency-Key was used for another request.") from None
        return str(row[1])
    return None


async def record(db: Connection, key_hash: str, resource_id: str) -> None:
    """Say what the call that claimed the key has created."""
    await db.run("UPDATE idempotency_keys SET resource_id = %s WHERE key_hash = %s", resource_id, key_hash)
