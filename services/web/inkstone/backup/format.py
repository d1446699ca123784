"""What an archive looks like inside: a gzipped tar of text that any tool can read.

manifest.json says what is in it, settings.json how the blog was set, tables/NAME/00001.jsonl and so on hold the rows, a
JSON array each, and SHA256SUMS, the last, has the digest of each file before it.
"""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import pydantic

from inkstone.backup.errors import ArchiveError
from inkstone.storage import schema
from inkstone.storage.refill import Base64, Value

FORMAT = 1
MANIFEST, SETTINGS, SUMS = "manifest.json", "settings.json", "SHA256SUMS"
PART = re.compile(r"tables/([a-z_]+)/([0-9]{5,})\.jsonl")

# Of a tables' part, before compression; a row that is larger makes a larger part.
PART_BYTES = 4_000_000
# The largest row that a server can take, as text.
MAX_MEMBER_BYTES = 200_000_000

SHOWN_SETTINGS = ("site_url", "site_name", "language", "registration", "session_days")
"""The settings that go along: no secret is one of them."""


class Manifest(pydantic.BaseModel, extra="forbid", frozen=True):
    """What is in an archive: `tables` names the columns of each."""

    format: int
    inkstone: str
    schema_revision: str
    made_at: str
    tables: dict[str, tuple[str, ...]]

    def check(self) -> None:
        """Raise ArchiveError where this release can't restore it."""
        if self.schema_revision > schema.EXPECTED:
            raise ArchiveError(
                f"was made by Inkstone {self.inkstone}, whose schema {self.schema_revision} is newer than this"
                f" release's {schema.EXPECTED}: use a newer release"
            )
        if self.schema_revision not in schema.REVISIONS or not self.tables.keys() <= {*schema.TABLES}:
            raise ArchiveError("is no archive of Inkstone: its manifest makes no sense")


def part_name(table: str, number: int) -> str:
    """The file that has some rows of a table; numbers start at 1."""
    return f"tables/{table}/{number:05}.jsonl"


def document(content: Any) -> bytes:
    """A small JSON file."""
    return json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"


def line(row: Iterable[Any]) -> bytes:
    """One row; bytes become {"base64": …}."""
    return json.dumps(list(row), ensure_ascii=False, separators=(",", ":"), default=_base64).encode() + b"\n"


def rows(part: bytes, width: int) -> list[Sequence[Value]]:
    """The rows of a part, each of `width` values; raises ValueError where it has anything else."""
    found = [json.loads(text, object_hook=_value) for text in part.rstrip(b"\n").split(b"\n")]
    if not all(isinstance(row, list) and len(row) == width and all(map(_known, row)) for row in found):
        raise ValueError("not a row")
    return found


def _value(content: dict[str, Any]) -> Base64:
    return Base64(str(content["base64"]))


def _known(value: object) -> bool:
    return value is None or isinstance(value, int | str | Base64)


def _base64(value: object) -> dict[str, str]:
    if not isinstance(value, bytes):
        raise TypeError(f"a value that an archive can't hold: {type(value)}")
    return {"base64": base64.b64encode(value).decode()}
