"""SQL about images; this module is the small interface behind which an object store can take over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from inkstone.domain.errors import NotFound
from inkstone.domain.media import EXTENSIONS, Image
from inkstone.storage import bulk, clock
from inkstone.storage.database import Connection, Row, Value
from inkstone.storage.paging import Cursor


@dataclass(frozen=True, slots=True)
class Medium:
    """An image that is stored; its id is the SHA-256 of its content in hex, so its address never changes meaning."""

    id: str
    type: str
    width: int
    height: int
    bytes: int
    name: str
    created_at: datetime

    @property
    def url(self) -> str:
        return f"/media/{self.id}.{EXTENSIONS[self.type]}"


_SELECT = "SELECT id, type, width, height, bytes, name, created_at FROM media "
# As in posts.py.
_BY_TIME, _BY_OWNER = "FORCE INDEX (media_created) ", "FORCE INDEX (media_owner_created) "


async def insert(db: Connection, image: Image, *, name: str, owner_id: str) -> str:
    """Store an image and answer its id; one that is there already stays as it is."""
    await insert_many(db, [(image, name, owner_id)])
    return _id(image)


async def insert_many(db: Connection, images: Sequence[tuple[Image, str, str]]) -> None:
    """The same for many, each with its name and its owner's id."""
    by_id = {_id(image[0]): image for image in reversed(images)}  # who comes first owns it
    there = await _there(db, list(by_id))
    rows = [_row(media_id, *image) for media_id, image in sorted(by_id.items()) if media_id not in there]
    await bulk.insert(
        db,
        "INSERT INTO media (id, type, width, height, bytes, name, owner_id, created_at, data)",
        rows,
        otherwise="ON DUPLICATE KEY UPDATE id = id",
    )


async def _there(db: Connection, media_ids: list[str]) -> set[str]:
    if not media_ids:
        return set()
    marks = ", ".join(["%s"] * len(media_ids))
    return {row[0] for row in await db.all(f"SELECT id FROM media WHERE id IN ({marks})", *media_ids)}


def _row(media_id: str, image: Image, name: str, owner_id: str) -> Row:
    size = (image.width, image.height, len(image.data))
    return media_id, image.type, *size, name[:255], owner_id, clock.now(), image.data


def _id(image: Image) -> str:
    return sha256(image.data).hexdigest()


async def get(db: Connection, media_id: str) -> Medium:
    row = await db.one(_SELECT + "WHERE id = %s", media_id)
    if row is None:
        raise NotFound("There is no such image.")
    return Medium(*row)


async def content(db: Connection, media_id: str) -> bytes:
    """An image's bytes."""
    row = await db.one("SELECT data FROM media WHERE id = %s", media_id)
    if row is None:
        raise NotFound("There is no such image.")
    return bytes(row[0])


async def newest(db: Connection, *, limit: int, before: Cursor | None, owner_id: str | None) -> list[Medium]:
    """One user's images, or everybody's, newest first."""
    conditions: list[str] = []
    values: list[Value] = []
    if owner_id:
        conditions.append("owner_id = %s")
        values.append(owner_id)
    if before:
        conditions.append("created_at <= %s AND (created_at < %s OR id < %s)")
        values += [before.time, before.time, before.id]
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    source = _SELECT + (_BY_OWNER if owner_id else _BY_TIME)
    rows = await db.all(source + where + " ORDER BY created_at DESC, id DESC LIMIT %s", *values, limit)
    return [Medium(*row) for row in rows]
