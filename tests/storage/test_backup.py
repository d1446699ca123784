"""`inkstone backup`: every row, as it was at one moment, or no file at all."""

import contextlib
import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inkstone.backup import command
from inkstone.backup.errors import ArchiveError
from inkstone.config import DatabaseAddress, Settings
from inkstone.domain.errors import Unavailable
from inkstone.storage.schema import REVISIONS, TABLES
from inkstone.storage.snapshot import snapshot
from tests import commands
from tests.commands import start
from tests.restarting import Server, connect, empty, run
from tests.servers import KEYS, wait_for
from tests.storage.rows import build, content, inkstone, rich, runs, store
from tests.test_command_line import fails

pytestmark = pytest.mark.xdist_group("restarts")


def test_a_backup_says_what_it_wrote(full: str, tmp_path: Path):
    done = inkstone("backup", str(tmp_path), database_url=full)

    [path] = tmp_path.iterdir()
    digest = subprocess.run(["sha256sum", str(path)], check=True, capture_output=True, text=True).stdout.split()[0]
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{path}: {sum(len(rows) for rows in content(full).values()) - 1:,} rows, ")
    assert second == f"SHA-256: {digest}"
    assert path.name.startswith("inkstone-20")
    assert path.stat().st_mode & 0o777 == 0o600


# One moment


def test_rows_are_of_one_moment_while_the_blog_goes_on(spare: Server):
    build(spare.url)
    rich(spare.url)
    before = content(spare.url)

    with snapshot(DatabaseAddress.parse(spare.url)) as taken:
        store(spare.url, "posts", id="l" * 32, slug="later")
        run(spare.url, "DELETE FROM media")
        run(spare.url, "UPDATE months SET posts = 8")
        rows = {table.name: [*taken.rows(table)] for table in taken.tables}

    assert {table: len(found) for table, found in rows.items()} == {table: len(before[table]) for table in TABLES}
    assert rows["months"] == [("1999-12", -7)]
    assert content(spare.url)["months"] == [("1999-12", 8)]


def test_a_migration_waits_for_a_backup(full: str):
    run(full, f"UPDATE alembic_version SET version_num = '{REVISIONS[-2]}'")
    with snapshot(DatabaseAddress.parse(full)):
        process = start("migrate", database_url=full)
        wait_for(lambda: runs(full, "GET_LOCK"), "the wait for the backup")
        assert process.poll() is None

    assert process.wait() == 0
    process.communicate()


def test_somebody_elses_table_is_left_out_and_said(spare: Server, tmp_path: Path):
    build(spare.url)
    run(spare.url, "CREATE TABLE wp_posts (id INT PRIMARY KEY)")

    done = inkstone("backup", str(tmp_path / "b"), database_url=spare.url)
    empty(spare.url)

    assert "The table wp_posts is not Inkstone's: it is left out." in done.stdout
    assert inkstone("restore", str(tmp_path / "b"), database_url=spare.url).returncode == 0
    assert {table for (table,) in run(spare.url, "SHOW TABLES")} == {"alembic_version", *TABLES}


def test_columns_that_the_server_computes_are_left_out(spare: Server):
    build(spare.url)
    run(spare.url, "ALTER TABLE months ADD COLUMN twice INT AS (posts * 2) STORED")
    store(spare.url, "tags", slug="s", name="n")

    with snapshot(DatabaseAddress.parse(spare.url)) as taken:
        assert {table.name: table.columns for table in taken.tables}["months"] == ("month", "posts")


# What is interrupted


@pytest.mark.parametrize(("with_signal", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 1)])
def test_a_backup_that_is_stopped_leaves_nothing(full: str, tmp_path: Path, with_signal, status):
    with contextlib.closing(connect(full)) as other, other.cursor() as cursor:
        cursor.execute(f"SELECT GET_LOCK('inkstone.migrate.{DatabaseAddress.parse(full).name}', 0)")
        process = start("backup", str(tmp_path / "b"), database_url=full)
        wait_for(lambda: runs(full, "GET_LOCK"), "the wait for the lock")
        assert [path.suffix for path in tmp_path.iterdir()] == [".partial"]

        process.send_signal(with_signal)

        assert process.wait() == status
    process.communicate()
    assert [*tmp_path.iterdir()] == []


def test_a_database_that_goes_away_in_the_middle_is_said(spare: Server):
    build(spare.url)
    rich(spare.url)

    with pytest.raises(Unavailable, match="The database says: "), snapshot(DatabaseAddress.parse(spare.url)) as taken:
        spare.stop()
        [*taken.rows(taken.tables[0])]


# Where no file can be


@pytest.mark.parametrize(
    ("place", "word"),
    [
        ("there", "exists already"),
        ("nowhere/b", "No such file"),
        ("there/b", "Not a directory"),
        ("b" * 300, "too long"),
    ],
)
def test_a_file_that_can_not_be_written(full: str, tmp_path: Path, place, word):
    (tmp_path / "there").write_text("Mine.")

    fails(inkstone("backup", str(tmp_path / place), database_url=full), str(tmp_path), word)

    assert (tmp_path / "there").read_text() == "Mine."
    assert len([*tmp_path.iterdir()]) == 1


def settings(url: str) -> Settings:
    return Settings.from_environment({"INKSTONE_DATABASE_URL": url, "INKSTONE_SECRET_KEYS": KEYS[0]})


def test_a_disk_that_gets_full_leaves_nothing(full: str, tmp_path: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ArchiveError, match="File too large"):
            command.backup(settings(full), tmp_path / "b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [*tmp_path.iterdir()] == []


def test_a_database_that_is_away_or_empty(spare: Server, tmp_path: Path):
    fails(inkstone("backup", str(tmp_path / "b"), database_url=spare.url), "no blog in it")
    spare.stop()
    # In a process of its own: the driver forgets to close a socket that leads nowhere.
    fails(commands.inkstone("backup", str(tmp_path / "b"), database_url=spare.url), "can't be reached")

    assert [*tmp_path.iterdir()] == []


# At a terminal


@pytest.mark.parametrize(("arguments", "titles"), [(["backup"], ["Writing"]), (["restore"], ["Checking", "Restoring"])])
def test_a_bar_shows_how_far_it_is(full: str, archive: Path, spare: Server, tmp_path: Path, arguments, titles):
    url = full if arguments == ["backup"] else spare.url
    path = tmp_path / "b" if arguments == ["backup"] else archive

    said = at_a_terminal(*arguments, str(path), database_url=url)

    for title in titles:
        assert title in said
    assert "100%" in said
    assert " rows" in said


def at_a_terminal(*arguments: str, database_url: str) -> str:
    """What a person sees."""
    ours, theirs = pty.openpty()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("INKSTONE_")},
        "INKSTONE_DATABASE_URL": database_url,
        "INKSTONE_SECRET_KEYS": KEYS[0],
        "TERM": "xterm",
        "COLUMNS": "120",
    }
    command = [sys.executable, "-m", "inkstone", *arguments]
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # which is how a terminal ends
            while part := os.read(ours, 4096):
                said += part
    os.close(ours)
    return said.decode()
