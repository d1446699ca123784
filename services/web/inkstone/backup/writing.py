"""Writing an archive: it gets its name when it is whole."""

import contextlib
import hashlib
import io
import os
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from inkstone.backup import format
from inkstone.backup.sealing import Sealed
from inkstone.storage.snapshot import Snapshot, Table


@contextlib.contextmanager
def unfinished(path: Path) -> Iterator[BinaryIO]:
    """A file that is called `path` when it is written to its end, and doesn't exist otherwise.

    Nobody else may read it.
    """
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".partial", dir=path.parent)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Have the folder itself written, or a crash may take the new name away again."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Writer:
    """An archive that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._sealed = Sealed(file)
        # It outlives this function, and is closed only where all went well: its end says that the archive is whole.
        self._tar = tarfile.open(fileobj=self._sealed, mode="w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
        self._sums: list[str] = []
        self._now = int(time.time())

    def add(self, name: str, content: bytes) -> None:
        """Add a file and note its digest."""
        member = tarfile.TarInfo(name)
        member.size = len(content)
        member.mtime = self._now
        self._tar.addfile(member, io.BytesIO(content))
        self._sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

    def finish(self) -> None:
        """Write the digests, and the end."""
        self.add(format.SUMS, "".join(self._sums).encode())
        self._tar.close()
        self._sealed.finish()


def write(
    file: BinaryIO,
    taken: Snapshot,
    manifest: format.Manifest,
    settings: dict[str, str],
    advance: Callable[[float], None],
) -> int:
    """Write all of a snapshot, and answer how many rows; `advance` is told the bytes of each few rows."""
    writer = Writer(file)
    writer.add(format.MANIFEST, format.document(manifest.model_dump()))
    writer.add(format.SETTINGS, format.document(settings))
    written = 0
    for table in taken.tables:
        for number, (rows, part) in enumerate(_parts(taken, table), start=1):
            writer.add(format.part_name(table.name, number), part)
            written += rows
            advance(table.size * rows / max(table.rows, 1))
    writer.finish()
    return written


def _parts(taken: Snapshot, table: Table) -> Iterator[tuple[int, bytes]]:
    """How many rows, and their lines: as many as fit into one part."""
    lines, size = [], 0
    for row in taken.rows(table):
        lines.append(format.line(row))
        size += len(lines[-1])
        if size >= format.PART_BYTES:
            yield len(lines), b"".join(lines)
            lines, size = [], 0
    if lines:
        yield len(lines), b"".join(lines)
