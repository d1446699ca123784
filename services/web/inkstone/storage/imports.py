"""SQL about imports: which file became which post."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from inkstone.domain.users import Role
from inkstone.storage.database import Connection


@dataclass(frozen=True, slots=True)
class Imported:
    """A file that was imported: its content's digest then, and the version its post had after it."""

    post_id: str
    digest: str
    version: int


async def find(db: Connection, source: str) -> Imported | None:
    row = await db.one("SELECT post_id, digest, version FROM imports WHERE source_hash = %s", _hash(source))
    return Imported(*row) if row else None


async def digests(db: Connection, sources: Sequence[str]) -> dict[str, str]:
    """The digests of those of these files that were imported."""
    if not sources:
        return {}
    by_hash = {_hash(source): source for source in sources}
    marks = ", ".join(["%s"] * len(by_hash))
    rows = await db.all(f"SELECT source_hash, digest FROM imports WHERE source_hash IN ({marks})", *by_hash)
    return {by_hash[row[0]]: row[1] for row in rows}


async def find_administrator(db: Connection) -> str | None:
    """Who gets what has no author: the first administrator."""
    row = await db.one("SELECT id FROM users WHERE role = %s ORDER BY id LIMIT 1", Role.ADMINISTRATOR)
    return row[0] if row else None


async def insert(db: Connection, source: str, imported: Imported) -> None:
    """Raises Duplicate where another import was faster."""
    await db.run(
        "INSERT INTO imports (source_hash, source, post_id, digest, version) VALUES (%s, %s, %s, %s, %s)",
        _hash(source), source, imported.post_id, imported.digest, imported.version,
    )  # fmt: skip


async def update(db: Connection, source: str, imported: Imported) -> None:
    await db.run(
        "UPDATE imports SET post_id = %s, digest = %s, version = %s WHERE source_hash = %s",
        imported.post_id, imported.digest, imported.version, _hash(source),
    )  # fmt: skip


def _hash(source: str) -> str:
    return sha256(source.encode()).hexdigest()
