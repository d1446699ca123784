"""Several processes that answer on one port: each leaves its numbers in a folder, and each tells all of them.

Every addition written to shared memory (prometheus_client's way) would take ten times as long as the addition itself.
A process that ends leaves its file: what it counted has happened. The next one to start takes it over and counts on, so
that there are never more files than there were processes at once.
"""

import contextlib
import json
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from inkstone.metrics.catalogue import Metrics
from inkstone.metrics.families import Counter, Histogram, Row

log = logging.getLogger(__name__)

Snapshot = dict[str, list[Row]]


def snapshot(metrics: Metrics) -> Snapshot:
    """The numbers of this moment, by their families' names."""
    return {family.name: family.rows() for family in metrics.families}


def joined(snapshots: Iterable[Snapshot]) -> Metrics:
    """All of them as one."""
    total = Metrics()
    for one in snapshots:
        _join(total, one)
    return total


def _join(metrics: Metrics, one: Snapshot) -> None:
    for family in metrics.families:
        family.join(one.get(family.name, []))


class Folder:
    """Where the processes of one gunicorn leave their numbers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mine = path / f"{os.getpid()}.json"
        self._writable = True

    def take_over(self, metrics: Metrics) -> None:
        """Go on counting where one that has ended left off."""
        # A file of our own number was another's, whose number we were given again; any other one would take its place.
        for path in sorted(self._path.glob("*.json"), key=lambda path: path != self._mine):
            if path == self._mine or not _lives(path):
                with contextlib.suppress(FileNotFoundError):  # somebody else took it
                    path.rename(self._mine)
                    _join(metrics, _counted(_read(self._mine)))
                    return

    def write(self, one: Snapshot) -> None:
        """Leave our own numbers, whole or not at all; where that fails, no reader shall suffer from it."""
        draft = self._mine.with_suffix(".new")
        try:
            draft.write_text(json.dumps(one))
            draft.rename(self._mine)
        except OSError as error:
            if self._writable:
                log.warning("this process's numbers can't be left for /metrics of the others: %s", error)
            self._writable = False
        else:
            self._writable = True

    def others(self) -> list[Snapshot]:
        """What the others have left; of those who have ended, only what they counted."""
        while True:
            # One that vanishes meanwhile is one that is taken over: its numbers are in another file.
            with contextlib.suppress(FileNotFoundError):
                return list(self._read_others())

    def _read_others(self) -> Iterator[Snapshot]:
        for path in self._path.glob("*.json"):
            if path != self._mine:
                yield _read(path) if _lives(path) else _counted(_read(path))


def _read(path: Path) -> Snapshot:
    one: Snapshot = json.loads(path.read_text())
    return one


def _counted(one: Snapshot) -> Snapshot:
    """Without what was so only as long as the process lived."""
    lasting = {family.name for family in Metrics().families if isinstance(family, Counter | Histogram)}
    return {name: rows for name, rows in one.items() if name in lasting}


def _lives(path: Path) -> bool:
    try:
        os.kill(int(path.stem), 0)
    except (ProcessLookupError, PermissionError):  # nobody's, or somebody else's by now
        return False
    return True
