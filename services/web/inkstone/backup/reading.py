"""Reading an archive: nothing of it is believed before all of it has been checked."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

import pydantic

from inkstone.backup import format
from inkstone.backup.errors import ArchiveError
from inkstone.backup.format import Manifest
from inkstone.backup.sealing import Unsealed
from inkstone.storage.refill import Value

Member = tuple[str, bytes]


class Archive:
    """An archive in a file that stays open; raises ArchiveError for whatever is wrong with it.

    `advance` is told how many bytes of the file have been read.
    """

    def __init__(self, file: BinaryIO, advance: Callable[[int], None]) -> None:
        """Check all of it, from the first byte to the last."""
        self._file = file
        members = self._members(advance)
        self.manifest = _manifest(_named(members, format.MANIFEST))
        self.settings = _settings(_named(members, format.SETTINGS))
        self.row_count = self.largest_row = 0
        before = ("", 0)
        for name, part in members:
            before = _following(name, before, list(self.manifest.tables))
            lines = part.rstrip(b"\n").split(b"\n")
            self.row_count += len(lines)
            self.largest_row = max(self.largest_row, *map(len, lines))

    def rows(self, advance: Callable[[int], None]) -> Iterator[tuple[str, Sequence[Sequence[Value]]]]:
        """The rows in portions, each with its table; what was found to be good must still be so at the end."""
        for name, part in self._members(advance):
            if not format.PART.fullmatch(name):
                continue
            table = name.split("/")[1]
            try:
                yield table, format.rows(part, len(self.manifest.tables[table]))
            except (ValueError, KeyError, RecursionError) as error:
                raise ArchiveError(f"is no archive of Inkstone: {name} makes no sense") from error

    def _members(self, advance: Callable[[int], None]) -> Iterator[Member]:
        """Every file but the last, which must have a digest for each of the others and for nothing else."""
        sums: list[tuple[str, str]] = []
        name = ""
        for name, content in _files(self._file):
            advance(self._file.tell())
            if name == format.SUMS:
                _compare(sums, content)
                continue
            sums.append((name, hashlib.sha256(content).hexdigest()))
            yield name, content
        if name != format.SUMS:
            raise ArchiveError("is cut short: its list of checksums is missing")


def _files(file: BinaryIO) -> Iterator[Member]:
    """Every file in the tar, and at the end the certainty that there is no byte too many or too few."""
    whole = Unsealed(file)
    try:
        with tarfile.open(fileobj=whole, mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and member.size <= format.MAX_MEMBER_BYTES else None
                if content is None:
                    raise ArchiveError(f"is no archive of Inkstone: it has something in it called {member.name!r}")
                yield member.name, content.read()
    except tarfile.TarError as error:
        raise ArchiveError("has been damaged or altered: it can't be unpacked") from error
    while rest := whole.read(io.DEFAULT_BUFFER_SIZE):
        if any(rest):
            raise ArchiveError("has been damaged or altered: there is more in it than files")


def _compare(sums: Sequence[tuple[str, str]], content: bytes) -> None:
    """Raise ArchiveError for the first file that is not what it was when its digest was taken."""
    lines = content.decode("utf-8", "replace").splitlines()
    noted = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    for name, digest in sums:
        if noted.pop(name, None) != digest:
            raise ArchiveError(f"has been altered: {name} is not what it was")
    for name in noted:
        raise ArchiveError(f"has been altered: {name} is missing")


def _named(members: Iterator[Member], wanted: str) -> bytes:
    name, content = next(members, ("", b""))
    if name != wanted:
        raise ArchiveError(f"is no archive of Inkstone: it has no {wanted} in its place")
    return content


def _following(name: str, before: tuple[str, int], tables: list[str]) -> tuple[str, int]:
    """The table of a part and its number; raises ArchiveError unless it is the next one of its table or of a later."""
    match = format.PART.fullmatch(name)
    part = (match[1], int(match[2])) if match else ("", 0)
    later = tables[tables.index(before[0]) + 1 :] if before[0] else tables
    if part != (before[0], before[1] + 1) and not (part[0] in later and part[1] == 1):
        raise ArchiveError(f"is no archive of Inkstone: it has something in it called {name!r}")
    return part


def _manifest(content: bytes) -> Manifest:
    try:
        said = json.loads(content)
        if said["format"] > format.FORMAT:
            raise ArchiveError("was made by a newer release of Inkstone: use that one, or a newer")
        manifest = Manifest.model_validate(said)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArchiveError("is no archive of Inkstone: its manifest makes no sense") from error
    manifest.check()
    return manifest


def _settings(content: bytes) -> dict[str, str]:
    try:
        return pydantic.TypeAdapter(dict[str, str]).validate_json(content)
    except ValueError as error:
        raise ArchiveError("is no archive of Inkstone: its settings make no sense") from error
