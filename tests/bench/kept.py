"""Large blogs that are kept under VAR, for to fill them takes longer than to measure them."""

import contextlib
import hashlib
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from deploy.native import database, keyring
from deploy.native.places import Places
from inkstone.config import DatabaseAddress
from inkstone.storage.migrate import migrate
from tests.bench import bulk, crowd
from tests.bench.texts import Texts
from tests.servers import answers, wait_for

# Whoever fills a blog that is cut short begins again.
_HASTY = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
    "--innodb-log-file-size=1G",
    "--innodb-buffer-pool-size=3G",
    "--innodb-sort-buffer-size=64M",
    "--innodb-flush-method=O_DIRECT_NO_FSYNC",
)
# As the other benchmarks have it; and all have as much memory.
_USUAL = ("--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=1G")


def folder(var: Path, size: int, texts: Texts) -> Path:
    """Where the blog of this size lies; another place for other texts and another way to write it."""
    digest = hashlib.sha256(f"{crowd.VERSION} {texts.digest}".encode()).hexdigest()[:8]
    return var / "bench" / "growth" / f"{size}-{digest}"


def is_filled(var: Path, size: int, texts: Texts) -> bool:
    """Whether the blog of this size is there."""
    return (folder(var, size, texts) / "full").exists()


@contextlib.contextmanager
def blog(var: Path, size: int, texts: Texts, *options: str) -> Iterator[str]:
    """The URL of a database with that many posts; filled where it is not there yet."""
    place = folder(var, size, texts)
    if not is_filled(var, size, texts):
        _remove_others(place, size)
        _fill(place, size, texts)
    with _server(place, *_USUAL, *options) as url:
        _migrate(url)  # it may have been kept since an earlier release
        yield url


def _remove_others(place: Path, size: int) -> None:
    """What is of no use any more: blogs of this size that are out of date, and one that was cut short."""
    for old in place.parent.glob(f"{size}-*"):
        shutil.rmtree(old)


def _fill(place: Path, size: int, texts: Texts) -> None:
    with _server(place, *_HASTY) as url, _bar(f"{size:,} posts") as (progress, task):
        _migrate(url)

        def done(what: str, part: float) -> None:
            progress.update(task, description=f"{size:,} posts: {what}", completed=part)

        bulk.write(url, texts, size, done)
    (place / "full").touch()


def _migrate(url: str) -> None:
    migrate(DatabaseAddress.parse(url), wait_seconds=60, progress=lambda _: None)


@contextlib.contextmanager
def _bar(title: str) -> Iterator[tuple[Progress, TaskID]]:
    """How far it is, where somebody looks at it."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress, progress.add_task(title, total=1)


@contextlib.contextmanager
def _server(place: Path, *options: str) -> Iterator[str]:
    """A MariaDB on the files of this folder, which stay; it ends in peace, so that the next one starts at once."""
    places = Places(place, "127.0.0.1", 0)
    places.check()
    places.make()
    keyring.ensure(places)
    database.prepare(places)
    with (places.log / "mysql.log").open("w") as log:
        command = ["mariadbd", f"--defaults-file={places.etc / 'mysql.cnf'}", *options]
        server = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        url = keyring.read(places, "migrate_database_url")
        wait_for(lambda: server.poll() is not None or answers(url), "an answer of MariaDB")
        if server.poll() is not None:
            raise RuntimeError((places.log / "mysql.log").read_text()[-2000:])
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


def var() -> Path:
    """VAR, as make exports it."""
    return Places.from_environment().var
