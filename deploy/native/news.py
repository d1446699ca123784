"""Supervisor's log, shortened to what a person at the terminal wants to know."""

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from deploy.native import database
from deploy.native.places import Places

EXITED = re.compile(r"WARN exited: (?P<program>[\w-]+) \((?P<how>.+); not expected\)")
KILLED = re.compile(r"WARN killing '(?P<program>[\w-]+)' \(\d+\) with SIGKILL")
RUNNING = re.compile(r"INFO success: (?P<program>[\w-]+) entered RUNNING state")
OWN_LINE = re.compile(r"[\d-]{10} [\d:.]{12} (\w+ +gunicorn: |(debug|info) |\w+ +\d{3} )")
EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Exit): ")
TAIL_BYTES = 20_000
TRIES = 3


def say(text: str) -> None:
    """Print, also where nobody reads any longer, and from a signal handler in the middle of another print."""
    with suppress(OSError):
        os.write(1, f"{text}\n".encode())


class News:
    """Hears Supervisor's lines; calls `give_up` when a program fails at every try."""

    def __init__(self, places: Places, give_up: Callable[[str], None] | None) -> None:
        self.places = places
        self.give_up = give_up
        self.stopping = False
        self.failures: Counter[str] = Counter()
        self.said: dict[str, str] = {}
        self.began = {name: _size(self._log(name)) for name in (*REASONS, *places.web_sockets)}

    def hear(self, line: str) -> None:
        """Take one line of Supervisor's log."""
        if found := EXITED.search(line):
            self._exited(found["program"], found["how"])
        elif found := KILLED.search(line):
            say(f"{found['program']} did not stop in time and is ended by force")
        elif found := RUNNING.search(line):
            self._running(found["program"])

    def _exited(self, program: str, how: str) -> None:
        if self.stopping:
            return
        why = self._why(program)
        # Supervisor says "terminated by SIGKILL" of a program that somebody else ended: its log says nothing about it.
        text = f"{program} ended ({how})" if how.startswith("terminated") else f"{program} ended: {why or how}"
        self.failures[program] += 1
        if self.give_up and self.failures[program] >= TRIES:
            self.give_up(f"{text} (all of it is in {self._log(program)})")
        elif self.said.get(program) != text:
            say(f"{text}; it is started again")
        self.said[program] = text

    def _running(self, program: str) -> None:
        if self.said.pop(program, None):
            say(f"{program} runs again")
        self.began[program] = _size(self._log(program))

    def _why(self, program: str) -> str:
        """The line of the program's log, since it last ran well, that says why it ended."""
        log = self._log(program)
        size = _size(log)
        began = self.began[program] if self.began[program] <= size else 0
        with log.open("rb") as file:
            file.seek(max(began, size - TAIL_BYTES))
            text = file.read().decode(errors="replace")
        return REASONS.get(program, python_reason)(text)

    def _log(self, program: str) -> Path:
        return self.places.log / f"{program}.log"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def python_reason(text: str) -> str:
    """The exception a traceback ends with, or the last line that is neither gunicorn's own nor a request's.

    >>> python_reason("Traceback:\\n  File x\\nValueError: no\\n2026-11-22 18:00:00.000 info     gunicorn: Bye\\n")
    'ValueError: no'
    >>> python_reason('{"logger": "gunicorn", "message": "x", "traceback": "Traceback:\\\\nValueError: no"}')
    'ValueError: no'
    """
    told = [part for line in text.splitlines() for part in _told(line)]
    lines = [line.strip() for line in told if line.strip() and not line.startswith((" ", "\t"))]
    exceptions = [line for line in lines if EXCEPTION.match(line)]
    return (exceptions or lines or [""])[-1]


def _told(line: str) -> list[str]:
    """What a line of the application's log may say of its end (inkstone/logs/forms.py has both forms)."""
    if line.startswith("{"):
        with suppress(ValueError):
            record = json.loads(line)
            own = record.get("logger") in {None, "gunicorn"}
            return str(record.get("traceback", "" if own else record.get("message", ""))).splitlines()
    return [] if OWN_LINE.match(line) else [line]


def nginx_reason(text: str) -> str:
    """The last emergency that nginx reports.

    >>> nginx_reason("nginx: [emerg] bind() failed\\nnginx: [notice] bye\\n")
    'bind() failed'
    """
    lines = [line.partition("[emerg] ")[2] for line in text.splitlines() if "[emerg] " in line]
    return lines[-1] if lines else ""


def last_line(text: str) -> str:
    """What a shell's script said before it ended.

    >>> last_line("one\\ntwo\\n")
    'two'
    """
    return "".join(text.splitlines()[-1:])


REASONS: dict[str, Callable[[str], str]] = {
    "mysql": database.reason,
    "nginx": nginx_reason,
    "counting": last_line,
}
