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
from contextlib import suppress
from pathlib import Path

from deploy.native import settings
from deploy.native.news import python_reason
from deploy.native.places import PYTHON, ROOT, VENV, Places
from deploy.native.programs import TIED

WARM = Path(__file__).with_name("warm.py")
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
        self._places = places
        self._said: deque[str] = deque(maxlen=KEPT_LINES)
        self._process = subprocess.Popen(
            [*TIED, str(PYTHON), "-P", str(WARM), *settings.GUNICORN[settings.GUNICORN.index("gunicorn") :]],
            env=settings.environment(places),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._pass_on, daemon=True)
        self._reader.start()

    def begin(self) -> None:
        """Load the application as it is now, with the settings as they are now."""
        self.began = time.monotonic()
        # One worker is there sooner than two; what the person says counts more than either.
        development = {"INKSTONE_DEVELOPMENT": "on", "INKSTONE_WORKERS": "1"}
        environment = development | settings.environment(self._places) | {"INKSTONE_BIND": f"unix:{self.socket}"}
        assert self._process.stdin  # noqa: S101 - it is a pipe, as asked for above
        with suppress(BrokenPipeError):  # it has ended, which whoever looks will see
            self._process.stdin.write(f"{json.dumps(environment)}\n")
            self._process.stdin.close()

    def answers(self) -> bool:
        """Whether a worker takes requests; waits a moment for it."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(100)
            except OSError:
                return False

    @property
    def ended(self) -> bool:
        """Whether its master is no more."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Finish what is under way and go; does not wait for that."""
        # After SIGTERM aiohttp's worker looks up only when its second is over.
        self._process.send_signal(signal.SIGQUIT)

    def wait(self) -> None:
        """Wait until it has gone."""
        self._process.wait()

    def why(self) -> str:
        """What it said last that tells why it ended."""
        self._reader.join(timeout=1)  # a worker that outlives its master keeps the pipe open
        return reason("".join(self._said)) or f"it ended with status {self._process.returncode}, and gave no reason"

    def _pass_on(self) -> None:
        for line in self._process.stdout or ():
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
