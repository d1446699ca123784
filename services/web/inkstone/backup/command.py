"""backup and restore as a person at a terminal sees them: a bar while they run, and at the end what there is now."""

import contextlib
import hashlib
import importlib.metadata
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from inkstone.backup import format
from inkstone.backup.errors import ArchiveError
from inkstone.backup.reading import Archive
from inkstone.backup.restoring import restore_into
from inkstone.backup.writing import unfinished, write
from inkstone.config import PREFIX, Settings
from inkstone.storage.snapshot import Snapshot, snapshot

MEGABYTE = 1_000_000


def backup(settings: Settings, wanted: Path | None) -> None:
    """Write everything into a new file; a folder gets one with a name that says when."""
    began = time.monotonic()
    console = _console()
    with _file_problems(wanted or Path()):
        path = _new_name(wanted or Path())
    with _stoppable(), _file_problems(path), unfinished(path) as file, snapshot(settings.database_url) as taken:
        for other in taken.others:
            console.print(f"The table {other} is not Inkstone's: it is left out.")
        with _bar(console, "Writing", sum(table.size for table in taken.tables)) as bar:
            count = write(file, taken, _manifest(taken), shown(settings), bar.more)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    seconds = time.monotonic() - began
    console.print(f"{path}: {count:,} rows, {path.stat().st_size / MEGABYTE:.1f} MB in {seconds:.1f} s.")
    console.print(f"SHA-256: {digest}")


def restore(settings: Settings, path: Path) -> None:
    """Fill an empty blog from a file."""
    began = time.monotonic()
    console = _console()
    with _opened(path) as file:
        archive = _checked(console, file)
        with _bar(console, "Restoring", path.stat().st_size) as bar:
            restore_into(settings.database_url, archive, bar.at)
    console.print(f"{archive.row_count:,} rows are restored in {time.monotonic() - began:.1f} s.")
    different = {name: value for name, value in archive.settings.items() if shown(settings).get(name) != value}
    if different:
        console.print("That blog had other settings than this one. Its own, for the file .env or the environment:")
    for name, value in different.items():
        console.print(f"  {PREFIX}{name.upper()}={_quoted(value)}")


def check(path: Path) -> None:
    """Read a file from its first byte to its last, and say what is in it."""
    console = _console()
    with _opened(path) as file:
        archive = _checked(console, file)
    about = archive.manifest
    console.print(
        f"{path} is whole: {archive.row_count:,} rows, made by Inkstone {about.inkstone} at {about.made_at}"
        f" with schema {about.schema_revision}."
    )


def shown(settings: Settings) -> dict[str, str]:
    """The settings that go into an archive, as text."""
    return {name: str(getattr(settings, name)) for name in format.SHOWN_SETTINGS}


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, so that nothing unfinished stays behind."""

    def stop(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _console() -> Console:
    return Console(highlight=False, markup=False, soft_wrap=True)


def _new_name(wanted: Path) -> Path:
    path = wanted / f"inkstone-{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}.tar.gz" if wanted.is_dir() else wanted
    if path.exists():
        raise ArchiveError(f"{path} exists already: choose another name, for nothing is overwritten.")
    return path


def _manifest(taken: Snapshot) -> format.Manifest:
    return format.Manifest(
        format=format.FORMAT,
        inkstone=importlib.metadata.version("inkstone"),
        schema_revision=str(taken.revision),
        made_at=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        tables={table.name: table.columns for table in taken.tables},
    )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """An archive to read; whatever is wrong with it is said with its name."""
    with _file_problems(path), path.open("rb") as file:
        try:
            yield file
        except ArchiveError as error:
            raise ArchiveError(f"{path} {error}.") from error


def _checked(console: Console, file: BinaryIO) -> Archive:
    size = file.seek(0, 2)
    with _bar(console, "Checking", size) as bar:
        return Archive(file, bar.at)


@contextlib.contextmanager
def _file_problems(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"{error.filename or path}: {error.strerror or error}.") from error


class Bar:
    """How far it is, where somebody looks at it."""

    def __init__(self, progress: Progress, title: str, total: float) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=total or 1)

    def more(self, amount: float) -> None:
        """That much has been done since the last time."""
        self._progress.advance(self._task, amount)

    def at(self, amount: float) -> None:
        """That much has been done so far."""
        self._progress.update(self._task, completed=amount)


@contextlib.contextmanager
def _bar(console: Console, title: str, total: float) -> Iterator[Bar]:
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bar(progress, title, total)


def _quoted(value: str) -> str:
    """A value as the file .env and a shell both read it."""
    if value.replace("-", "").replace("_", "").isalnum() and value.isascii():
        return value
    return f"'{value}'" if "'" not in value else '"' + "".join(f"\\{c}" if c in '\\"$`' else c for c in value) + '"'
