"""Dates, in the many forms in which people write them above a post."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

_FORMS = (
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%B %d %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%a %d %b %Y %H:%M:%S %z",
    "%a %d %b %Y %H:%M:%S %Z",
    "%Y年%m月%d日",
)
_IN_PATH = re.compile(r"(?:^|/)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?=[-/]|$)")


def parse(value: Any) -> datetime | None:
    """The moment that a front matter's value means, in UTC, which is also what a time without a zone is taken for.

    >>> parse("2021-03-26T15:00:00+08:00")
    datetime.datetime(2021, 3, 26, 7, 0, tzinfo=datetime.timezone.utc)
    >>> parse("March 5, 2020")
    datetime.datetime(2020, 3, 5, 0, 0, tzinfo=datetime.timezone.utc)
    >>> parse("soon")
    """
    moment = value if isinstance(value, date) else _parsed(str(value).strip()) if value else None
    if moment is None:
        return None
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None


def in_path(path: str) -> datetime | None:
    """The date in a path: `2014/12/12/Timeline`, or Jekyll's `_posts/2014-12-12-timeline.md`."""
    match = _IN_PATH.search(path)
    if match is None:
        return None
    try:
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    except ValueError:
        return None


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b|,", "", text)
    text = re.sub(r"^(\d{4})[./](\d{1,2})[./](\d{1,2})", r"\1-\2-\3", text)
    # The zone may stand behind the time without a space, and have a colon or not.
    text = re.sub(r"(?<=\d)(Z|[+-]\d\d:?\d\d)$", r" \1", text.replace("T", " ") if "T" in text[8:11] else text)
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
