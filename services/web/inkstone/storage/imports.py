"""SQL about imports: which file became which post."""

from dataclasses import dataclass
from hashlib import sha256

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


async def upsert(db: Connection, source: str, imported: Imported) -> None:
    await db.run(
        "INSERT INTO imports (source_hash, source, post_id, digest, version) VALUES (%s, %s, %s, %s, %s)"
        " ON DUPLICATE KEY UPDATE post_id = %s, digest = %s, version = %s",
        _hash(source), source, imported.post_id, imported.digest, imported.version,
        imported.post_id, imported.digest, imported.version,
    )  # fmt: skip


def _hash(source: str) -> str:
    return sha256(source.encode()).hexdigest()
