"""What a developer writes: gathered until nothing has been written for a moment."""

import os
from collections.abc import Iterable
from pathlib import Path
from queue import Empty, SimpleQueue

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver

from deploy.native.install import EDITOR, STATIC, WEB

PACKAGE = WEB / "inkstone"
CONFIGURATION = WEB / "gunicorn.conf.py"
# Folders and whether all below them counts.
SOURCES = {PACKAGE: True, EDITOR / "src": True, EDITOR: False, WEB: False}
SUFFIXES = {".py", ".html", ".xml", ".txt", ".json", ".js", ".css", ".vue", ".svg"}
MADE = {"__pycache__", "node_modules"}
# An editor saves by several writes, a checkout writes hundreds of files.
SILENCE = 0.1
POLLING = 0.5

WRITES = {"created", "modified", "closed"}
MOVES = {"moved", "deleted"}


class Changes(FileSystemEventHandler):
    """The paths that were written; `settings` are the files that count besides sources."""

    def __init__(self, settings: Iterable[Path] = ()) -> None:
        self.settings = frozenset(settings)
        self._seen: SimpleQueue[Path] = SimpleQueue()
        self._folders: dict[Path, bool] = {}
        self._observer: BaseObserver | None = None

    def watch(self, settings: Iterable[Path]) -> None:
        """Watch the sources and these files from now on."""
        self.settings = frozenset(settings)
        folders = SOURCES | {path.parent: SOURCES.get(path.parent, False) for path in self.settings}
        folders = {folder: deep for folder, deep in folders.items() if folder.is_dir()}
        if folders != self._folders:
            before, self._observer, self._folders = self._observer, _observer(self, folders), folders
            _stop(before)

    def stop(self) -> None:
        """Watch no longer."""
        _stop(self._observer)

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take one event; watchdog calls this from a thread of its own."""
        # What is written in a folder comes with events of its own; one that is moved or deleted may come alone.
        if event.event_type in MOVES or (event.event_type in WRITES and not event.is_directory):
            for name in (event.src_path, event.dest_path):
                path = Path(os.fsdecode(name))
                if name and self._matters(path, folder=event.is_directory):
                    self._seen.put(path)

    def wait(self, seconds: float) -> set[Path]:
        """What was written, once that has ended; nothing where nothing is for so long."""
        try:
            seen = {self._seen.get(timeout=seconds)}
        except Empty:
            return set()
        while True:
            try:
                seen.add(self._seen.get(timeout=SILENCE))
            except Empty:
                return seen

    def _matters(self, path: Path, *, folder: bool) -> bool:
        if path in self.settings:
            return True
        if MADE & set(path.parts) or STATIC in path.parents or path.name.startswith("."):
            return False
        if path.parent == WEB:
            return path == CONFIGURATION
        return WEB in path.parents and (folder or path.suffix in SUFFIXES)


def _observer(changes: Changes, folders: dict[Path, bool]) -> BaseObserver:
    try:
        return _started(Observer(), changes, folders)
    except OSError as error:
        # Other programs of this user watch as much as the kernel allows.
        print(f"inotify is out of reach ({error}): looking twice a second instead", flush=True)
        return _started(PollingObserver(timeout=POLLING), changes, folders)


def _started(observer: BaseObserver, changes: Changes, folders: dict[Path, bool]) -> BaseObserver:
    for folder, deep in folders.items():
        observer.schedule(changes, str(folder), recursive=deep)
    observer.start()
    return observer


def _stop(observer: BaseObserver | None) -> None:
    if observer:
        observer.stop()
        observer.join()
