"""Asking a part of the running stack whether it answers, at its socket or at its address."""

import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from deploy.native.problems import ProblemError

LAST_LINES = 15
# In both forms of the application's log (inkstone/logs/forms.py).
WELL_ANSWERED = re.compile(r'"level":"info","id":"\w+","route"| info +[1-4][0-9]{2} ')
# Nobody's session, but enough that nginx does not answer with a copy.
PAST_THE_CACHE = {"Cookie": "inkstone_session=x"}


class _AtSocket(HTTPConnection):
    """HTTP along a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def answer(where: Path | str, path: str) -> int:
    """The status of what comes from a socket, or from an address on this machine; 0 where nothing comes."""
    connection = _connection(where)
    try:
        connection.request("GET", path, headers=PAST_THE_CACHE)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def _connection(where: Path | str) -> HTTPConnection:
    if isinstance(where, Path):
        return _AtSocket(where)
    url = urlsplit(where)
    if url.scheme == "http":
        return HTTPConnection(url.netloc, timeout=10)
    # The certificate is for the name that readers know, and what is asked here is this machine itself, by its address.
    unverified = ssl._create_unverified_context()  # noqa: S323 - nobody is in between, and nothing secret is sent
    return HTTPSConnection(url.netloc, timeout=10, context=unverified)


def await_answer(
    where: Path | str, path: str, patience: float, log: Path, alive: Callable[[], bool] = lambda: True
) -> None:
    """Wait for 200; where it does not come, say what came, with the end of the log."""
    name = where.name if isinstance(where, Path) else where
    deadline = time.monotonic() + patience
    while (status := answer(where, path)) != 200:
        if not alive():
            raise ProblemError(f"{name} has ended before it answered {path}{last_lines(log)}")
        if time.monotonic() > deadline:
            raise ProblemError(f"{name} answers {path} with {status or 'nothing'}{last_lines(log)}")
        time.sleep(0.1)


def last_lines(log: Path) -> str:
    """The end of a log, to be put behind a sentence, without the requests that were answered well: they say nothing."""
    try:
        with log.open(errors="replace") as file:
            lines = list(deque((line for line in file if not WELL_ANSWERED.search(line)), LAST_LINES))
    except OSError:
        return ""
    return f"; the end of {log}:\n" + "".join(f"  | {line.rstrip()}\n" for line in lines)
