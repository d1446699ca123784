"""`inkstone backup` and `inkstone restore`: every row, as it was at one moment, or nothing."""

import contextlib
import os
import pty
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from inkstone.__main__ import main
from inkstone.backup import command
from inkstone.backup.errors import ArchiveError
from inkstone.backup.format import document, line
from inkstone.backup.writing import Writer
from inkstone.config import DatabaseAddress, Settings
from inkstone.domain.errors import Unavailable
from inkstone.storage.migrate import exclusive, migrate, upgrade
from inkstone.storage.schema import EXPECTED, REVISIONS, TABLES
from inkstone.storage.snapshot import snapshot
from tests import commands, conftest
from tests.commands import start
from tests.restarting import Server, connect, empty, run
from tests.servers import KEYS, wait_for
from tests.test_command_line import ADMIN, fails

pytestmark = pytest.mark.xdist_group("restarts")

ODD = "emoji 🖋️ 🀄, NUL \0, 'quotes' \"\", \\ backslash\\, \r\n\t\x1a, %s %%, \u2028, 茶, e\u0301, \U0010ffff"
LARGE = os.urandom(5 * 1024 * 1024)

Tables = dict[str, list[tuple[object, ...]]]


def content(url: str) -> Tables:
    """Every row of every table that there is, in an order."""
    tables = [str(table) for (table,) in run(url, "SHOW TABLES")]
    return {table: sorted(run(url, f"SELECT * FROM `{table}`"), key=lambda row: str(row[:2])) for table in tables}


def inkstone(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """The command line without a process of its own, which would take most of the time."""
    told = {"SECRET_KEYS": KEYS[0]} | {name.upper(): value for name, value in settings.items()}
    done = CliRunner().invoke(main, arguments, env={f"INKSTONE_{name}": value for name, value in told.items()})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def build(url: str) -> None:
    migrate(DatabaseAddress.parse(url), wait_seconds=5, progress=lambda _: None)


def store(url: str, table: str, **values: object) -> None:
    """A row; what isn't said is empty."""
    columns = {row[0]: row for row in run(url, f"SHOW COLUMNS FROM {table}")}
    values = {name: "0" if "int" in str(row[1]) else _some(row) for name, row in columns.items()} | values
    with contextlib.closing(connect(url)) as db, db.cursor() as cursor:
        # The driver needs seconds for a large image, unless it is told in digits.
        marks = ", ".join("UNHEX(%s)" if isinstance(value, bytes) else "%s" for value in values.values())
        plain = [value.hex() if isinstance(value, bytes) else value for value in values.values()]
        cursor.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", plain)


def _some(column: tuple[object, ...]) -> object:
    if column[2] == "YES":
        return None
    return "2026-11-22 11:46:16.000001" if "datetime" in str(column[1]) else ""


@pytest.fixture(scope="module")
def full(database_url: str) -> str:
    """A database with something in each table, and with what is hard to carry; no test changes it. Its URL."""
    for table in conftest.TABLES:
        run(database_url, f"DELETE FROM {table}")
    rich(database_url)
    return database_url


def rich(url: str) -> None:
    """Something in each table."""
    store(
        url, "users", id="1" * 32, name="Ada 艾达", role="administrator", email="ada@blog.test", credential="$argon2id$"
    )
    store(url, "users", id="2" * 32, name="Imported", role="author", email=None)
    store(url, "posts", id="o" * 32, slug="odd", name=ODD, content=ODD * 1000, tags="[]", version=2**32 - 1)
    store(url, "posts", id="p" * 32, slug="茶", name="Tea")
    store(url, "tags", slug="茶", name="茶")
    store(url, "post_tags", tag="茶", post_id="p" * 32, published_at=None)
    store(url, "months", month="1999-12", posts=-7)
    store(url, "comments", id="c" * 32, content=ODD)
    store(url, "redirects", path="/旧/post.html")
    for number, data in enumerate((LARGE, bytes(range(256)) * 20_000, b"")):
        store(url, "media", id=str(number), name=ODD[:50], data=data, bytes=len(data))
    store(url, "post_search", post_id="p" * 32, tokens="xtea xtwo", text="Tea for two")
    store(url, "post_search", post_id="q" * 32, tokens="xcoffee", text="Coffee")
    store(url, "idempotency_keys", key_hash="k")
    store(url, "sign_in_attempts", subject="s", last_at="1999-12-31 23:59:59.999999")
    store(url, "imports", source_hash="i", source=ODD)
    assert all(content(url).values())


@pytest.fixture(scope="module")
def whole(full: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup of it."""
    path = tmp_path_factory.mktemp("backup") / "backup.tar.gz"
    done = inkstone("backup", str(path), database_url=full)
    assert (done.returncode, done.stderr) == (0, "")
    return path.read_bytes()


@pytest.fixture
def archive(whole: bytes, tmp_path: Path) -> Path:
    """A copy of that backup, to be changed."""
    path = tmp_path / "backup.tar.gz"
    path.write_bytes(whole)
    return path


@pytest.fixture
def untouched(spare: Server) -> Iterator[None]:
    """What is in the spare database stays as it is."""
    build(spare.url)
    store(spare.url, "months", month="1970-01")
    before = content(spare.url)
    yield
    assert content(spare.url) == before


def settings(url: str) -> Settings:
    return Settings.from_environment({"INKSTONE_DATABASE_URL": url, "INKSTONE_SECRET_KEYS": KEYS[0]})


# There and back


@pytest.mark.parametrize("prepared", ["nothing", "a schema", "an administrator"])
def test_every_row_comes_back(full: str, archive: Path, spare: Server, prepared: str):
    if prepared != "nothing":
        assert inkstone("migrate", database_url=spare.url, **(ADMIN if prepared != "a schema" else {})).returncode == 0

    done = inkstone("restore", str(archive), database_url=spare.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert content(spare.url) == content(full)
    assert content(full).keys() == {"alembic_version", *TABLES}
    assert f"{sum(len(rows) for rows in content(full).values()) - 1:,} rows are restored in " in done.stdout


def test_a_backup_says_what_it_wrote(full: str, tmp_path: Path):
    done = inkstone("backup", str(tmp_path), database_url=full)

    [path] = tmp_path.iterdir()
    digest = subprocess.run(["sha256sum", str(path)], check=True, capture_output=True, text=True).stdout.split()[0]
    first, second = done.stdout.splitlines()
    assert first.startswith(f"{path}: {sum(len(rows) for rows in content(full).values()) - 1:,} rows, ")
    assert second == f"SHA-256: {digest}"
    assert path.name.startswith("inkstone-20")
    assert path.stat().st_mode & 0o777 == 0o600


def test_search_finds_what_was_restored(archive: Path, spare: Server):
    inkstone("restore", str(archive), database_url=spare.url)

    found = run(spare.url, "SELECT text FROM post_search WHERE MATCH (tokens) AGAINST ('+xtea' IN BOOLEAN MODE)")
    assert found == [("Tea for two",)]


def test_an_archive_of_an_older_schema_is_brought_up_to_date(spare: Server, tmp_path: Path):
    with exclusive(DatabaseAddress.parse(spare.url), wait_seconds=5) as job:
        upgrade(job, progress=lambda _: None, to=REVISIONS[-2])
    store(spare.url, "users", id="1" * 32, email="ada@blog.test", name="Ada", role="administrator")
    store(spare.url, "months", month="2026-11")
    inkstone("backup", str(tmp_path / "old.tar.gz"), database_url=spare.url)
    build(spare.url)
    brought_up_to_date = content(spare.url)
    empty(spare.url)
    build(spare.url)

    done = inkstone("restore", str(tmp_path / "old.tar.gz"), database_url=spare.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert content(spare.url) == brought_up_to_date
    assert brought_up_to_date["alembic_version"] == [(EXPECTED,)]


def test_settings_that_differ_are_said(full: str, spare: Server, tmp_path: Path):
    named = {"SITE_NAME": 'Ada\'s $ink "&" \\stone', "LANGUAGE": "zh", "SITE_URL": "https://blog.example.org"}
    inkstone("backup", str(tmp_path / "b"), database_url=full, **named)

    done = inkstone("restore", str(tmp_path / "b"), database_url=spare.url, LANGUAGE="zh")

    lines = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    shell = "; ".join([*lines, 'printf "%s\\n" "$INKSTONE_SITE_URL" "$INKSTONE_SITE_NAME"'])
    said = subprocess.run(["sh", "-c", shell], check=True, capture_output=True, text=True).stdout.splitlines()
    assert said == [named["SITE_URL"], named["SITE_NAME"]]
    assert len(lines) == 2


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
        wait_for(lambda: _runs(full, "GET_LOCK"), "the wait for the backup")
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


# Refused, with nothing touched


def cut(content: bytes) -> bytes:
    return content[:-1000]


def flipped(content: bytes) -> bytes:
    return content[:50_000] + bytes([content[50_000] ^ 1]) + content[50_001:]


def longer(content: bytes) -> bytes:
    return content + b"\0"


def something_else(_: bytes) -> bytes:
    return b"Hello."


@pytest.mark.parametrize("change", [cut, flipped, longer, something_else])
@pytest.mark.parametrize("how", [[], ["--check"]], ids=["restore", "check"])
def test_a_bad_archive_is_refused(archive: Path, spare: Server, untouched, change, how):
    archive.write_bytes(change(archive.read_bytes()))

    fails(inkstone("restore", *how, str(archive), database_url=spare.url), str(archive))


def test_a_good_archive_is_said_to_be_good(archive: Path):
    done = inkstone("restore", "--check", str(archive))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{archive} is whole: ")
    assert EXPECTED in done.stdout


@pytest.mark.parametrize(
    ("table", "values", "word"),
    [
        ("posts", {"id": "p"}, "1 posts"),
        ("comments", {"id": "c"}, "1 comments"),
        ("media", {"id": "m"}, "1 media"),
        ("users", {"id": "u", "name": "Eve", "role": "reader"}, "2 users"),
    ],
)
def test_a_blog_that_is_not_empty_is_left_alone(archive: Path, spare: Server, table, values, word):
    inkstone("migrate", database_url=spare.url, **ADMIN)
    store(spare.url, table, **values)
    before = content(spare.url)

    fails(inkstone("restore", str(archive), database_url=spare.url), "not empty", word)

    assert content(spare.url) == before


def test_one_user_who_is_no_administrator_is_somebody(archive: Path, spare: Server):
    build(spare.url)
    store(spare.url, "users", id="u", name="Eve", role="author")

    fails(inkstone("restore", str(archive), database_url=spare.url), "not empty", "1 users")


def test_a_newer_database_is_left_alone(archive: Path, full: str, spare: Server, tmp_path: Path):
    build(spare.url)
    run(spare.url, "UPDATE alembic_version SET version_num = '9999_future'")
    before = content(spare.url)

    fails(inkstone("restore", str(archive), database_url=spare.url), "9999_future", "newer release")
    fails(inkstone("backup", str(tmp_path / "b"), database_url=spare.url), "9999_future", "newer release")

    assert content(spare.url) == before
    assert not (tmp_path / "b").exists()


def test_a_row_that_the_server_would_not_take_is_said_before(spare: Server, untouched, tmp_path: Path):
    [(takes,)] = run(spare.url, "SELECT @@max_allowed_packet")
    manifest = {
        "format": 1,
        "inkstone": "1",
        "schema_revision": EXPECTED,
        "made_at": "now",
        "tables": {"tags": ["name"]},
    }
    with (tmp_path / "b").open("wb") as file:
        writer = Writer(file)
        writer.add("manifest.json", document(manifest))
        writer.add("settings.json", document({}))
        writer.add("tables/tags/00001.jsonl", line(["x" * int(str(takes))]))
        writer.finish()

    fails(inkstone("restore", str(tmp_path / "b"), database_url=spare.url), f"max_allowed_packet is {takes}")


# What is interrupted


@pytest.mark.parametrize(("with_signal", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 1)])
def test_a_restore_that_is_interrupted_has_changed_nothing(
    archive: Path, full: str, spare: Server, with_signal, status
):
    inkstone("migrate", database_url=spare.url, **ADMIN)
    before = content(spare.url)

    with contextlib.closing(connect(spare.url)) as other, other.cursor() as cursor:
        # It keeps others from writing here, so that the restore waits in the middle of its work.
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM post_search FOR UPDATE")
        process = start("restore", str(archive), database_url=spare.url)
        wait_for(lambda: _runs(spare.url, "INSERT INTO `post_search`"), "the middle of the restore")
        process.send_signal(with_signal)
        assert process.wait() == status
        process.communicate()
    wait_for(lambda: not _runs(spare.url, "INSERT INTO"), "the end of its connection")

    assert content(spare.url) == before
    assert inkstone("restore", str(archive), database_url=spare.url).returncode == 0
    assert content(spare.url) == content(full)


def _runs(url: str, statement: str) -> bool:
    return any(str(row[7]).startswith(("SELECT " + statement, statement)) for row in run(url, "SHOW FULL PROCESSLIST"))


def test_nobody_sees_a_blog_that_is_half_restored(archive: Path, spare: Server):
    build(spare.url)
    with contextlib.closing(connect(spare.url)) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM imports FOR UPDATE")
        process = start("restore", str(archive), database_url=spare.url)
        wait_for(lambda: _runs(spare.url, "INSERT INTO `imports`"), "the last rows")
        assert not any(rows for table, rows in content(spare.url).items() if table in conftest.TABLES)
        other.rollback()
    assert process.wait() == 0
    process.communicate()
    assert all(content(spare.url).values())


@pytest.mark.parametrize(("with_signal", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 1)])
def test_a_backup_that_is_stopped_leaves_nothing(full: str, tmp_path: Path, with_signal, status):
    with contextlib.closing(connect(full)) as other, other.cursor() as cursor:
        cursor.execute(f"SELECT GET_LOCK('inkstone.migrate.{DatabaseAddress.parse(full).name}', 0)")
        process = start("backup", str(tmp_path / "b"), database_url=full)
        wait_for(lambda: _runs(full, "GET_LOCK"), "the wait for the lock")
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


def test_a_disk_that_gets_full_leaves_nothing(full: str, tmp_path: Path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(ArchiveError, match="File too large"):
            command.backup(settings(full), tmp_path / "b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert [*tmp_path.iterdir()] == []


def test_a_file_that_can_not_be_read(tmp_path: Path, spare: Server):
    fails(inkstone("restore", str(tmp_path / "none"), database_url=spare.url), "No such file")
    fails(inkstone("restore", str(tmp_path), database_url=spare.url), "Is a directory")


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
