"""Cursors: where a list goes on, as a key and never as a number of rows to skip."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from inkstone.domain.errors import Invalid

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?[0-9]{1,18})\.([0-9a-f]{32,64})", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a row in a list that is ordered by a time and then by id."""

    time: datetime
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises Invalid unless it is what `str()` of a cursor gives: microseconds since the epoch, a dot and an id."""
        match = _CURSOR.fullmatch(text)
        try:
            if match:
                return cls(_EPOCH + timedelta(microseconds=int(match[1])), match[2])
        except OverflowError:
            pass
        raise Invalid({"before": "This is no cursor: take `next` of the page before."})

    def __str__(self) -> str:
        return f"{(self.time - _EPOCH) // timedelta(microseconds=1)}.{self.id}"


def parse_id(text: str, field: str = "before") -> str:
    """A cursor of a list that is ordered by id alone."""
    if not _ID.fullmatch(text):
        raise Invalid({field: "This is no cursor: take `next` of the page before."})
    return text
