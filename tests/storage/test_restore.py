"""`inkstone restore`: every row comes back, or nothing is changed."""

import contextlib
import signal
import subprocess
from pathlib import Path

import pytest

from inkstone.backup.format import document, line
from inkstone.backup.writing import Writer
from inkstone.config import DatabaseAddress
from inkstone.storage.migrate import exclusive, upgrade
from inkstone.storage.schema import EXPECTED, REVISIONS, TABLES
from tests import conftest
from tests.commands import start
from tests.restarting import Server, connect, empty, run
from tests.servers import wait_for
from tests.storage.rows import build, content, inkstone, runs, store
from tests.test_command_line import ADMIN, fails

pytestmark = pytest.mark.xdist_group("restarts")


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


def test_a_file_that_can_not_be_read(tmp_path: Path, spare: Server):
    fails(inkstone("restore", str(tmp_path / "none"), database_url=spare.url), "No such file")
    fails(inkstone("restore", str(tmp_path), database_url=spare.url), "Is a directory")


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
        wait_for(lambda: runs(spare.url, "INSERT INTO `post_search`"), "the middle of the restore")
        process.send_signal(with_signal)
        assert process.wait() == status
        process.communicate()
    wait_for(lambda: not runs(spare.url, "INSERT INTO"), "the end of its connection")

    assert content(spare.url) == before
    assert inkstone("restore", str(archive), database_url=spare.url).returncode == 0
    assert content(spare.url) == content(full)


def test_nobody_sees_a_blog_that_is_half_restored(archive: Path, spare: Server):
    build(spare.url)
    with contextlib.closing(connect(spare.url)) as other, other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM imports FOR UPDATE")
        process = start("restore", str(archive), database_url=spare.url)
        wait_for(lambda: runs(spare.url, "INSERT INTO `imports`"), "the last rows")
        assert not any(rows for table, rows in content(spare.url).items() if table in conftest.TABLES)
        other.rollback()
    assert process.wait() == 0
    process.communicate()
    assert all(content(spare.url).values())
