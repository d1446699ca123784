"""Where lines go: standard error, without ever waiting for whoever reads it.

A pipe that nobody empties takes 64 KiB, and whoever writes more then waits: that would be all readers of the blog. So
what does not fit is kept here for a while, up to a megabyte; what comes then is lost, and how much is told.
"""

import asyncio
import contextlib
import os
import select
import stat
import threading
from collections import deque
from collections.abc import Callable

# A write of so many bytes goes into a pipe whole or not at all (PIPE_BUF), also beside other processes' writes.
_AT_ONCE = 4096
_MOST = 1024 * 1024
# Each write wakes whoever reads: Supervisor, or the engine. Requests' lines go together.
_TOGETHER_SECONDS = 0.2


class Journal:
    """Lines on their way to a file descriptor; `lost` makes the line that says how many there was no room for."""

    def __init__(self, descriptor: int, lost: Callable[[int], str] = "{} lines were lost".format) -> None:
        self.lost = lost
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._refused = 0
        self._due = False
        self._lock = threading.Lock()
        self._opened: int | None = None

    def add(self, line: str) -> None:
        """Take a line from the event loop; it is written in a moment, with those of other requests."""
        with self._lock:
            self._take(line)
        self._plan()

    def write(self, line: str) -> None:
        """Write a line now, behind those that came before."""
        with self._lock:
            self._take(line)
        self.flush()

    def flush(self) -> None:
        """Write what there is, as far as there is room for it."""
        with self._lock, contextlib.suppress(OSError):  # nobody is there to be told
            while self._lines and self._write(self._chunk()):
                if self._refused and not self._lines:
                    refused, self._refused = self._refused, 0
                    self._take(self.lost(refused))
        if self._lines:
            self._plan()

    def _take(self, line: str) -> None:
        data = f"{line}\n".encode("utf-8", "backslashreplace")
        if self._size + len(data) > _MOST:
            self._refused += 1
        else:
            self._lines.append(data)
            self._size += len(data)

    def _plan(self) -> None:
        """Have it written later, where there is an event loop; elsewhere the next line takes it along."""
        if not self._due:
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self._when_due)
                self._due = True

    def _when_due(self) -> None:
        self._due = False
        self.flush()

    def _chunk(self) -> bytes:
        """The next lines, as many as go at once; one that is longer by itself."""
        chunk = self._lines.popleft()
        while self._lines and len(chunk) + len(self._lines[0]) <= _AT_ONCE:
            chunk += self._lines.popleft()
        self._size -= len(chunk)
        return chunk

    def _write(self, chunk: bytes) -> bool:
        """Whether there was room for all of it; what there was none for is the next to be written."""
        written = 0
        if self._opened is None:
            self._opened = _never_waiting(self._descriptor)
        if _has_room(self._opened):
            with contextlib.suppress(BlockingIOError):
                written = os.write(self._opened, chunk)
        if rest := chunk[written:]:
            self._lines.appendleft(rest)
            self._size += len(rest)
        return not rest


def _never_waiting(descriptor: int) -> int:
    """The same pipe, opened once more so that a write to it fails instead of waiting: for us, and for nobody else.

    Where that is not allowed, or where it is no pipe, it is asked before each write whether there is room.
    """
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with contextlib.suppress(OSError):
            return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    return descriptor


def _has_room(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


JOURNAL = Journal(2)
