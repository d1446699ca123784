"""What a line looks like: JSON for programs, columns for people."""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from aiohttp.http_exceptions import HttpProcessingError

from inkstone.logs.scrubbing import scrubbed
from inkstone.logs.trail import Trail, request_id

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BEGINS_LIKE_OURS = re.compile(r"^(?=\d{4}-)", re.MULTILINE)
_SHOWN = {"gunicorn.error": "gunicorn"}


class Form(Protocol):
    """How lines are written."""

    def request(
        self, now: float, level: str, trail: Trail, route: str, method: str, status: int, seconds: float
    ) -> str:
        """The line of a request that was answered."""
        ...

    def record(self, record: logging.LogRecord) -> str:
        """What somebody says by Python's logging; a traceback belongs to it."""
        ...


class Json:
    """One JSON object a line."""

    def request(
        self, now: float, level: str, trail: Trail, route: str, method: str, status: int, seconds: float
    ) -> str:
        # By hand: nothing in it needs to be escaped, for a method has no quotes (RFC 9110, 5.6.2).
        return (
            f'{{"time":"{_utc(now)}","level":"{level}","id":"{trail.id}","route":"{route}","method":"{method}",'
            f'"status":{status},"seconds":{seconds:.6f},"database_seconds":{trail.database_seconds:.6f},'
            f'"statements":{trail.statements}}}'
        )

    def record(self, record: logging.LogRecord) -> str:
        line = {
            "time": _utc(record.created),
            "level": record.levelname.lower(),
            "id": request_id(),
            "logger": _SHOWN.get(record.name, record.name),
            "message": _message(record),
        }
        if trace := _traceback(record):
            line["traceback"] = trace
        return json.dumps(line, ensure_ascii=False)


class Text:
    """Columns, and tracebacks as Python shows them."""

    def request(
        self, now: float, level: str, trail: Trail, route: str, method: str, status: int, seconds: float
    ) -> str:
        return (
            f"{_local(now)} {level:<8} {status} {method:<7} {route:<22} {seconds * 1000:7.1f} ms"
            f" {trail.database_seconds * 1000:7.1f} ms in {trail.statements:2} statements  {trail.id}"
        )

    def record(self, record: logging.LogRecord) -> str:
        message = _printable(_message(record))
        id = f"  [{known}]" if (known := request_id()) else ""
        head = f"{_local(record.created)} {record.levelname.lower():<8} {_SHOWN.get(record.name, record.name)}: "
        trace = "".join(f"\n{_printable(line)}" for line in _traceback(record).split("\n") if line)
        return f"{head}{message}{id}{_BEGINS_LIKE_OURS.sub('  ', trace)}"


FORMS: dict[str, Form] = {"json": Json(), "text": Text()}


def _printable(line: str) -> str:
    """What readers ask for may have line ends in it, and must not look like a line of ours."""
    return _UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], line)


def _message(record: logging.LogRecord) -> str:
    sent = _sent_by_client(record)
    return scrubbed(record.getMessage()) + (f" ({type(sent).__name__})" if sent else "")


def _traceback(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None or _sent_by_client(record):
        return ""
    return scrubbed("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))


def _sent_by_client(record: logging.LogRecord) -> BaseException | None:
    """The failure of an HTTP request that makes no sense, which has a part of it in its words: perhaps a cookie."""
    error = record.exc_info[1] if record.exc_info else None
    return error if isinstance(error, HttpProcessingError) else None


def _utc(now: float) -> str:
    second = int(now)
    return f"{_utc_second(second)}.{int((now - second) * 1000):03}+00:00"


def _local(now: float) -> str:
    second = int(now)
    return f"{_local_second(second)}.{int((now - second) * 1000):03}"


@lru_cache(maxsize=2)
def _utc_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=2)
def _local_second(second: int) -> str:
    return datetime.fromtimestamp(second).strftime("%Y-%m-%d %H:%M:%S")
