"""One gunicorn of those that follow each other under `make dev`, on a socket of its own."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from deploy.native import settings
from deploy.native.news import python_reason
from deploy.native.places import PYTHON, ROOT, VENV, Places
from deploy.native.programs import TIED

WARM = Path(__file__).with_name("warm.py")
# One worker is there sooner than two; what the person says counts more than either.
DEVELOPMENT = {"INKSTONE_DEVELOPMENT": "on", "INKSTONE_WORKERS": "1"}
ANSWER_SECONDS = 0.1
KEPT_LINES = 400
TRACEBACK = "Traceback (most recent call last):"
FRAME = re.compile(r'  File "(?P<file>[^"]+)", line \d+')

_numbers = itertools.count(1)


class Generation:
    """Loads the libraries at once, and the application when it is begun."""

    def __init__(self, places: Places) -> None:
        self.socket = places.run / f"web.{os.getpid()}.{next(_numbers)}.sock"
        self.began = 0.0
        self._answered = False
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._process = subprocess.Popen(
            [*TIED, str(PYTHON), "-P", str(WARM), *settings.GUNICORN[settings.GUNICORN.index("gunicorn") :]],
            # Settings come when it is begun; PYTHONPATH leads to these modules, which are not the application's.
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        assert self._process.stdin and self._process.stdout  # noqa: S101 - pipes, as asked for
        self._way = self._process.stdin
        self._reader = threading.Thread(target=self._pass_on, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def begin(self, environment: Mapping[str, str]) -> None:
        """Load the application as it is now."""
        self.began = time.monotonic()
        environment = {**DEVELOPMENT, **environment, "INKSTONE_BIND": f"unix:{self.socket}"}
        with suppress(BrokenPipeError), self._way:  # it has ended, which whoever looks will see
            self._way.write(f"{json.dumps(environment)}\n")

    def answers(self) -> bool:
        """Whether a worker takes requests; waits a moment for it."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                self._answered = b" 200 " in connection.recv(100)
            except OSError:
                return False
        return self._answered

    @property
    def ended(self) -> bool:
        """Whether its master is no more."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Finish what is under way and go; does not wait for that."""
        self._way.close()
        # After SIGTERM aiohttp's worker looks up only when its second is over; SIGQUIT ends with a core dump whoever
        # is no gunicorn yet.
        self._process.send_signal(signal.SIGQUIT if self._answered else signal.SIGTERM)

    def wait(self) -> None:
        """Wait until it has gone."""
        self._process.wait()

    def why(self) -> str:
        """What it said last that tells why it ended."""
        self._reader.join(timeout=1)  # a worker that outlives its master keeps the pipe open
        return reason("".join(self._said)) or f"it ended with status {self._process.returncode}, and gave no reason"

    def _pass_on(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._said.append(line)
                sys.stdout.write(line)
                sys.stdout.flush()


def reason(text: str) -> str:
    """The first traceback, with the frames of our own files only; or else the last line that says something.

    >>> said = f'[ERROR] No\\n{TRACEBACK}\\n  File "/usr/lib/x.py", line 1\\n    x()\\nValueError: no\\n[INFO] -\\n'
    >>> print(reason(said))
    ValueError: no
    """
    _, found, rest = text.partition(TRACEBACK)
    if not found:
        return python_reason(text)
    lines = rest.strip("\n").splitlines()
    frames = list(itertools.takewhile(_is_indented, lines))
    exception = lines[len(frames) : len(frames) + 1]
    more = itertools.takewhile(_is_indented, lines[len(frames) + 1 :])
    return "\n".join([*_ours(frames), *exception, *more])


def _is_indented(line: str) -> bool:
    return line.startswith(" ")


def _ours(frames: list[str]) -> list[str]:
    kept, keeping = [], False
    for line in frames:
        if found := FRAME.match(line):
            file = Path(found["file"])
            keeping = ROOT in file.parents and VENV not in file.parents
        if keeping:
            kept.append(line)
    return kept
