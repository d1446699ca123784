"""make backup from a stack at work, and make restore into an empty one"""

import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.stack.containers import Containers
from tests.stack.traffic import assert_nothing_lost, traffic

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


@pytest.fixture(scope="module")
def other() -> Iterator[Containers]:
    """A stack of its own, of which nothing is there yet."""
    other = Containers()
    try:
        yield other
    finally:
        other.end()


@pytest.fixture(scope="module")
def picture(stack: Containers, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an image, in a blog with posts, comments and more in each table."""
    folder = tmp_path_factory.mktemp("posts")
    fields = "title: Brought 茶 🖋\ndate: 2020-01-02\ntags: [tea]\naliases: [old]"
    (folder / "hello.md").write_text(f"---\n{fields}\n---\nWords.\n")
    mine = [f"--user={os.getuid()}", f"--volume={folder}:/posts:ro"]
    stack.compose("run", "--rm", "-T", *mine, "cli", "import", "markdown", "/posts")
    stack.send("POST", "/api/authenticate", {"email": "admin@example.org", "password": "not this one"})
    return upload(stack)


def upload(stack: Containers) -> str:
    """A noisy image, which nothing makes smaller; its address."""
    file = io.BytesIO()
    Image.frombytes("RGB", (1000, 600), os.urandom(1000 * 600 * 3)).save(file, "PNG")
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="n.png"\r\nContent-Type: image/png\r\n\r\n'
    body = head + file.getvalue() + b"\r\n--cut--\r\n"
    stack.api("GET", "/api/me")
    said = {"content_type": "multipart/form-data; boundary=cut", "origin": f"http://{stack.host}"}
    reply = stack.ask("/api/media", "POST", body, cookie=stack.cookie, **said)
    assert reply.status == 201, reply
    return str(reply.json()["url"])


def rows(stack: Containers) -> dict[str, list[str]]:
    """Every row of every table, as MySQL's own tool writes it."""
    options = "--single-transaction --order-by-primary --hex-blob --skip-extended-insert --no-create-info --compact"
    password = 'MYSQL_PWD="$(cat /run/inkstone/mysql/root_password)"'
    dump = f"{password} mysqldump --protocol=socket --user=root --no-tablespaces {options} inkstone"
    found: dict[str, list[str]] = {}
    for line in stack.inside("mysql", "sh", "-c", dump).split("\n"):
        if line.startswith("INSERT INTO "):
            found.setdefault(line.split("`")[1], []).append(line)
    return found


def backup(stack: Containers, path: Path) -> str:
    return stack.run("make", "backup", f"FILE={path}")


def restored(stack: Containers, path: Path) -> "subprocess.CompletedProcess[str]":
    return stack.attempt("make", "restore", f"FILE={path}")


def test_every_row_comes_back_in_a_stack_from_nothing(
    stack: Containers, other: Containers, picture: str, tmp_path: Path
) -> None:
    with traffic(stack, readers=1, writers=1):
        pass  # some posts, and comments
    said = backup(stack, tmp_path / "backup.tar.gz")

    done = restored(other, tmp_path / "backup.tar.gz")

    assert done.returncode == 0, done
    expected = rows(stack)
    assert {
        "users",
        "posts",
        "comments",
        "media",
        "tags",
        "redirects",
        "imports",
        "sign_in_attempts",
    } <= expected.keys()
    assert rows(other).keys() == expected.keys()
    for table, found in rows(other).items():
        assert found == expected[table], table
    assert f"{sum(map(len, expected.values())) - 1:,} rows" in said
    assert f"Inkstone is at http://{other.host}/" in done.stdout
    other.secret = stack.secret  # type: ignore[method-assign]  # the passwords came along
    assert other.api("GET", "/api/me").json()["role"] == "administrator"
    assert other.ask(picture).body == stack.ask(picture).body != b""
    assert "Brought 茶".encode() in other.ask("/post/hello").body


def test_a_file_belongs_to_whom_the_folder_belongs(stack: Containers, tmp_path: Path) -> None:
    if os.getuid() == 0:
        os.chown(tmp_path, 12345, 12346)

    backup(stack, tmp_path)

    [path] = tmp_path.iterdir()
    assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (tmp_path.stat().st_uid, 0o600)


def test_a_backup_while_writes_go_on_is_of_one_moment(stack: Containers, other: Containers, tmp_path: Path) -> None:
    with traffic(stack, readers=2, writers=6, pause=0.01) as flow:
        before = list(flow.acknowledged)
        backup(stack, tmp_path / "backup.tar.gz")
        after = len(flow.acknowledged)
    assert after > len(before) > 0
    assert {answer.status for answer in flow.writes} == {201}
    other.compose("down", "--volumes", "--timeout=5")
    other.compose("up", "--detach", "--wait")

    done = restored(other, tmp_path / "backup.tar.gz")

    assert done.returncode == 0, done
    there = "\n".join(rows(other)["comments"])
    assert [comment for comment in before if str(comment.id) not in there] == []
    assert_nothing_lost(stack, flow)
    counted = "(SELECT COUNT(*) FROM comments WHERE post_id = posts.id)"
    assert ask(other, f"SELECT COUNT(*) FROM posts WHERE comment_count <> {counted}") == "0"


def ask(stack: Containers, sql: str) -> str:
    """What the server answers to a question."""
    password = 'MYSQL_PWD="$(cat /run/inkstone/mysql/root_password)"'
    command = f'{password} mysql --protocol=socket --user=root --batch --skip-column-names inkstone -e "{sql}"'
    return stack.inside("mysql", "sh", "-c", command).strip()


def test_an_altered_archive_is_refused_and_nothing_is_touched(
    stack: Containers, other: Containers, tmp_path: Path
) -> None:
    path = tmp_path / "backup.tar.gz"
    backup(stack, path)
    good = path.read_bytes()
    half = len(good) // 2
    other.compose("down", "--volumes", "--timeout=5")

    for bad in (good[:half], good[:half] + bytes([good[half] ^ 1]) + good[half + 1 :]):
        path.write_bytes(bad)
        done = restored(other, path)
        assert done.returncode != 0
        assert "inkstone: backup.tar.gz " in done.stderr
        assert other.compose("ps", "--all", "--quiet") == ""


def test_a_blog_with_posts_is_left_alone(stack: Containers, tmp_path: Path) -> None:
    backup(stack, tmp_path / "backup.tar.gz")
    before = rows(stack)

    done = restored(stack, tmp_path / "backup.tar.gz")

    assert done.returncode != 0
    assert "The blog is not empty" in done.stderr
    assert rows(stack) == before


def test_who_may_not_change_the_schema_is_told(stack: Containers, other: Containers, tmp_path: Path) -> None:
    path = tmp_path / "backup.tar.gz"
    backup(stack, path)
    other.compose("up", "--detach", "--wait", "mysql")
    mine = [f"--user={path.stat().st_uid}", f"--volume={path}:/backup.tar.gz:ro"]

    done = other.attempt("docker", "compose", "run", "--rm", "-T", *mine, "cli", "restore", "/backup.tar.gz")

    assert done.returncode == 1
    assert "command denied to user 'inkstone_web'" in done.stderr
    assert "make restore" in done.stderr


def test_a_full_disk_is_said_in_one_line(stack: Containers, picture: str) -> None:
    fill = "head -c 67000000 /dev/zero > /tmp/fill; inkstone backup /tmp/backup.tar.gz; ls /tmp"

    done = stack.attempt("docker", "compose", "run", "--rm", "-T", "--no-deps", "--entrypoint=sh", "backup", "-c", fill)

    said = [line for line in done.stderr.splitlines() if line and not line.startswith(" Container ")]
    assert said == ["inkstone: /tmp/backup.tar.gz: No space left on device."]
    assert done.stdout.split() == ["fill"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["restore"], "which one?"),
        (["restore", "FILE=/nowhere.tar.gz"], "there is no file /nowhere.tar.gz"),
        (["restore", "FILE=/"], "/ is not a file"),
        (["backup", "FILE=/nowhere/backup.tar.gz"], "there is no folder /nowhere"),
    ],
)
def test_what_is_typed_wrongly_is_said(stack: Containers, arguments: list[str], word: str) -> None:
    done = stack.attempt("make", *arguments)

    assert done.returncode != 0
    assert f"inkstone: {word}" in done.stderr


def test_a_stack_that_does_not_run_is_said(tmp_path: Path) -> None:
    done = Containers().attempt("make", "backup", f"FILE={tmp_path}")

    assert done.returncode != 0
    assert "inkstone: the database does not run: start the stack with make up" in done.stderr
    assert [*tmp_path.iterdir()] == []
