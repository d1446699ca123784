"""An archive is read as it was written, or not at all"""

import base64
import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstone.backup import format
from inkstone.backup.errors import ArchiveError
from inkstone.backup.format import Manifest
from inkstone.backup.reading import Archive
from inkstone.backup.sealing import Sealed
from inkstone.backup.writing import Writer, unfinished
from inkstone.storage.refill import Base64
from inkstone.storage.schema import EXPECTED, REVISIONS

MANIFEST = {
    "format": 1,
    "inkstone": "0.1.0",
    "schema_revision": EXPECTED,
    "made_at": "2026-11-22T11:46:16Z",
    "tables": {"users": ["id", "name"], "posts": ["id", "version"], "media": ["id", "data"]},
}
SETTINGS = {"site_name": "Ink & Stone"}
FILES = {
    "manifest.json": json.dumps(MANIFEST).encode(),
    "settings.json": json.dumps(SETTINGS).encode(),
    "tables/users/00001.jsonl": format.line(["1", "Ada 🖋"]) + format.line(["2", "Bob\n\0\u2028'\"\\"]),
    "tables/users/00002.jsonl": format.line(["3", None]),
    "tables/media/00001.jsonl": format.line(["4", bytes(range(256))]),
}


def packed(files: dict[str, bytes]) -> bytes:
    """An archive of some files, with digests that are true."""
    file = io.BytesIO()
    writer = Writer(file)
    for name, content in files.items():
        writer.add(name, content)
    writer.finish()
    return file.getvalue()


def sealed(tar: bytes) -> bytes:
    """That tar in an archive whose seal is true."""
    file = io.BytesIO()
    stream = Sealed(file)
    stream.write(tar)
    stream.finish()
    return file.getvalue()


def opened(content: bytes) -> Archive:
    return Archive(io.BytesIO(content), lambda _: None)


def read(content: bytes) -> list[tuple[str, list[object]]]:
    return [(table, row) for table, rows in opened(content).rows(lambda _: None) for row in rows]


WHOLE = packed(FILES)


def test_what_was_written_is_read() -> None:
    archive = opened(WHOLE)

    assert archive.manifest == Manifest.model_validate(MANIFEST)
    assert archive.settings == SETTINGS
    assert archive.row_count == 4
    assert archive.largest_row == max(map(len, b"".join(FILES.values()).splitlines()[2:]))
    assert read(WHOLE) == [
        ("users", ["1", "Ada 🖋"]),
        ("users", ["2", "Bob\n\0\u2028'\"\\"]),
        ("users", ["3", None]),
        ("media", ["4", Base64(base64.b64encode(bytes(range(256))).decode())]),
    ]


def test_any_tool_can_unpack_and_check_it(tmp_path: Path) -> None:
    (tmp_path / "backup.tar.gz").write_bytes(WHOLE)

    subprocess.run(["tar", "--extract", "--gzip", "--file=backup.tar.gz"], cwd=tmp_path, check=True)

    for line in (tmp_path / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
        assert (tmp_path / name).read_bytes() == FILES[name]


@given(st.lists(st.one_of(st.none(), st.integers(), st.text(), st.binary()), min_size=1))
def test_any_row_is_read_as_it_was_written(row: list[object]) -> None:
    line = format.line(row)

    [back] = format.rows(line, len(row))

    assert line.count(b"\n") == 1
    assert [plain(value) for value in back] == row


def plain(value: object) -> object:
    return base64.b64decode(value.text, validate=True) if isinstance(value, Base64) else value


def test_wherever_it_is_cut_off_it_is_refused() -> None:
    for length in range(len(WHOLE)):
        with pytest.raises(ArchiveError, match=r"cut short|is no archive"):
            opened(WHOLE[:length])


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_wherever_a_byte_is_changed_it_is_refused(flip: int) -> None:
    for place in range(len(WHOLE)):
        changed = bytearray(WHOLE)
        changed[place] ^= flip
        with pytest.raises(ArchiveError):
            opened(bytes(changed))


@pytest.mark.parametrize("more", [b"\0", b"x", gzip.compress(b"", mtime=0)], ids=["a zero", "a letter", "an archive"])
def test_what_was_made_longer_is_refused(more: bytes) -> None:
    with pytest.raises(ArchiveError, match="altered at its end"):
        opened(WHOLE + more)


def test_two_in_one_are_refused() -> None:
    with pytest.raises(ArchiveError, match="its checksum is not true"):
        opened(WHOLE + WHOLE)


def test_what_stands_behind_the_files_is_refused() -> None:
    tar = gzip.decompress(WHOLE)

    with pytest.raises(ArchiveError, match="there is more in it"):
        opened(sealed(tar + b"\0" * 100_000 + b"x"))


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_changed_is_named(name: str) -> None:
    tar = gzip.decompress(WHOLE).replace(FILES[name], FILES[name].swapcase())

    with pytest.raises(ArchiveError, match=f"{name} is not what it was|manifest makes no sense"):
        opened(sealed(tar))


def without(name: str) -> dict[str, bytes]:
    return {other: content for other, content in FILES.items() if other != name}


def manifest(**changes: object) -> dict[str, bytes]:
    return FILES | {"manifest.json": json.dumps(MANIFEST | changes).encode()}


@pytest.mark.parametrize("tar", [b"", bytes(1024), bytes(10240), b"x"])
def test_a_tar_without_files_is_refused(tar: bytes) -> None:
    with pytest.raises(ArchiveError):
        opened(sealed(tar))


HOSTILE = {
    "nothing": {},
    "no manifest": without("manifest.json"),
    "no settings": without("settings.json"),
    "a part is missing": without("tables/users/00001.jsonl"),
    "a part comes twice": FILES | {"tables/media/00003.jsonl": b"[]\n"},
    "another order": dict(reversed(FILES.items())),
    "an earlier table again": FILES | {"tables/posts/00001.jsonl": b"[]\n"},
    "a table that is not in the manifest": FILES | {"tables/tags/00001.jsonl": b"[]\n"},
    "another file": FILES | {"notes.txt": b"Hello."},
    "a file elsewhere": FILES | {"../../tables/media/00002.jsonl": b"[]\n"},
    "a file anywhere": FILES | {"/etc/passwd": b"root::0:0::/:/bin/sh\n"},
    "a table that is not the blog's": manifest(tables={"mysql.user": ["id"]}),
    "no format": manifest(format=None),
    "an unknown schema": manifest(schema_revision="0000_nothing"),
    "more in the manifest": manifest(more=1),
    "a list for a manifest": FILES | {"manifest.json": b"[]"},
    "a bottomless manifest": FILES | {"manifest.json": b"[" * 1_000_000},
    "no text in the manifest": FILES | {"manifest.json": b"\xff"},
    "settings that are none": FILES | {"settings.json": b"[1]"},
}


@pytest.mark.parametrize("files", HOSTILE.values(), ids=HOSTILE)
def test_what_is_put_together_wrongly_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(ArchiveError, match="is no archive of Inkstone"):
        opened(packed(files))


@pytest.mark.parametrize(
    "part",
    [
        b"{}",
        b"[]",
        b'["5"]',
        b'["5", 1, 2]',
        b'["5", [1]]',
        b'["5", 1.5]',
        b'["5", {"hex": ""}]',
        b"[\xff]",
        b"",
        b"[" * 9999,
    ],
)
def test_rows_that_make_no_sense_are_refused(part: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"tables/posts/00001.jsonl makes no sense"):
        read(packed(without("tables/media/00001.jsonl") | {"tables/posts/00001.jsonl": part + b"\n"}))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_what_is_no_file_is_refused(kind: bytes) -> None:
    member = tarfile.TarInfo("tables/posts/00001.jsonl")
    member.type, member.linkname = kind, "manifest.json"

    with pytest.raises(ArchiveError, match=r"called 'tables/posts/00001.jsonl'"):
        opened(with_last(member))


def test_a_file_without_end_is_refused() -> None:
    member = tarfile.TarInfo("tables/posts/00001.jsonl")
    member.size = format.MAX_MEMBER_BYTES + 1

    with pytest.raises(ArchiveError, match=r"called 'tables/posts/00001.jsonl'"):
        opened(with_last(member))


def with_last(member: tarfile.TarInfo) -> bytes:
    """An archive that goes on with that one after the settings."""
    tar = b""
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as old:
        for name in ("manifest.json", "settings.json"):
            tar += old.getmember(name).tobuf() + FILES[name].ljust(-len(FILES[name]) // 512 * -512, b"\0")
    return sealed(tar + member.tobuf())


@pytest.mark.parametrize(
    ("change", "word"), [({"format": 2}, "newer release"), ({"schema_revision": "9999_future"}, "9999_future is newer")]
)
def test_an_archive_from_the_future_says_so(change: dict[str, object], word: str) -> None:
    with pytest.raises(ArchiveError, match=word):
        opened(packed(manifest(**change)))


def test_an_archive_of_an_older_schema_is_good() -> None:
    assert opened(packed(manifest(schema_revision=REVISIONS[0]))).manifest.schema_revision == REVISIONS[0]


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar.gz"

    with unfinished(path) as file:
        file.write(b"half")
        assert not path.exists()
        [partial] = tmp_path.iterdir()
        assert partial.name.endswith(".partial")
        assert partial.stat().st_mode & 0o777 == 0o600
        file.write(b" and half")

    assert [*tmp_path.iterdir()] == [path]
    assert path.read_bytes() == b"half and half"
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), unfinished(tmp_path / "backup.tar.gz"):
        raise KeyboardInterrupt

    assert [*tmp_path.iterdir()] == []
