"""SQL about imports: which file became which post."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from inkstone.domain.users import Role
from inkstone.storage import bulk
from inkstone.storage.database import Connection


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that was imported: its content's digest then, and the version its post had after it."""

    post_id: str
    digest: str
    version: int


async def find_many(db: Connection, sources: Sequence[str]) -> dict[str, Imported]:
    """Those of these files that were imported."""
    if not sources:
        return {}
    by_hash = {_hash(source): source for source in sources}
    marks = ", ".join(["%s"] * len(by_hash))
    sql = f"SELECT source_hash, post_id, digest, version FROM imports WHERE source_hash IN ({marks})"
    return {by_hash[row[0]]: Imported(*row[1:]) for row in await db.all(sql, *by_hash)}


async def find_administrator(db: Connection) -> str | None:
    """Who gets what has no author: the first administrator."""
    row = await db.one("SELECT id FROM users WHERE role = %s ORDER BY id LIMIT 1", Role.ADMINISTRATOR)
    return row[0] if row else None


async def insert_many(db: Connection, imported: Sequence[tuple[str, Imported]]) -> None:
    """Remember files; raises Duplicate where another import was faster."""
    rows = [(_hash(source), source, one.post_id, one.digest, one.version) for source, one in imported]
    await bulk.insert(db, "INSERT INTO imports (source_hash, source, post_id, digest, version)", rows)


async def update(db: Connection, source: str, imported: Imported) -> None:
    await db.run(
        "UPDATE imports SET post_id = %s, digest = %s, version = %s WHERE source_hash = %s",
        imported.post_id, imported.digest, imported.version, _hash(source),
    )  # fmt: skip


def _hash(source: str) -> str:
    return sha256(source.encode()).hexdigest()
