"""Bad input to the container stack: one clear line from the service that noticed, and no lie about what was saved"""

import itertools
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.native.stacks import Reply, wait_for
from tests.stack.small import Done, Small, last_line, refuses
from tests.stack.test_faults import starts

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

KILOBYTES = 1024
# The application's own limit on a statement, and a slow machine.
PATIENCE = 5.0


@pytest.fixture(scope="module")
def small() -> Iterator[Small]:
    stack = Small()
    try:
        stack.compose("build")
        stack.start(1)
        yield stack
    finally:
        stack.end()


# Secrets


@pytest.mark.parametrize(
    ("service", "name", "content", "reason"),
    [
        (
            "web",
            "web/secret_keys",
            None,
            "INKSTONE_SECRET_KEYS_FILE can't be read: [Errno 2] No such file or directory",
        ),
        ("web", "web/secret_keys", "short", "INKSTONE_SECRET_KEYS makes no sense: each key has at least 32 characters"),
        ("web", "web/database_url", "", "INKSTONE_DATABASE_URL is not set"),
        ("migrate", "job/database_url", None, "INKSTONE_DATABASE_URL_FILE can't be read: [Errno 2] No such file"),
        ("migrate", "job/database_url", "postgres://x", "INKSTONE_DATABASE_URL makes no sense: it has the form mysql"),
    ],
)
def test_a_bad_secret_ends_the_start(small: Small, service: str, name: str, content: str | None, reason: str) -> None:
    with small.spoiled(name, content):
        done = small.once(service)

    refuses(done, reason)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("mysql/root_password", "", "is empty"),
        ("mysql/web_password", "it has spaces", "is not made of letters"),
        ("web/secret_keys", "", "is empty"),
    ],
)
def test_a_broken_secret_is_not_passed_on(small: Small, name: str, content: str, what: str) -> None:
    with small.spoiled(name, content):
        refuses(small.once("secrets"), f"the secret {name} {what}")


def test_up_ends_when_a_secret_is_broken(small: Small) -> None:
    with small.spoiled("mysql/migrate_password", ""):
        done = small.up()
        said = small.compose("logs", "--no-log-prefix", "--tail=1", "secrets")

    assert done.returncode != 0
    assert 'service "secrets" didn\'t complete successfully' in last_line(done.stderr)
    assert said.startswith("inkstone: the secret mysql/migrate_password is empty")


@pytest.mark.parametrize("password", ["short", "x" * 201, "two\nlines of it"])
def test_a_bad_password_for_the_administrator_is_not_kept(small: Small, password: str) -> None:
    before = small.secret("admin_password")

    refuses(small.once("secrets", INKSTONE_ADMIN_PASSWORD=password), "INKSTONE_ADMIN_PASSWORD makes no sense")

    assert small.secret("admin_password") == before


def first_start(small: Small, *more: str) -> Done:
    """The database's container with an empty disk, and what the job has made."""
    mounted = f"--volume={small.project}_mysql-secrets:/run/inkstone/mysql:ro"
    root = "--env=MYSQL_ROOT_PASSWORD_FILE=/run/inkstone/mysql/root_password"
    return small.attempt(
        "docker", "run", "--rm", "--network=none", mounted, root, *more, f"inkstone-mysql:{small.project}"
    )


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("root_password", None, 'is missing: the job "secrets" makes it'),
        ("web_password", "", "is empty"),
        ("migrate_password", "x'; DROP USER root; #", "is empty, or not made of"),
    ],
)
def test_the_database_is_not_made_with_bad_secrets(small: Small, name: str, content: str | None, what: str) -> None:
    with small.spoiled(f"mysql/{name}", content and content.replace("'", "'\\''")):
        refuses(first_start(small), f"the secret /run/inkstone/mysql/{name} {what}")


def test_a_database_that_was_not_finished_is_not_taken_for_one(small: Small) -> None:
    volume = f"{small.project}_unfinished"
    try:
        # What is there as soon as the server has made its own tables, and before it has ours.
        small.in_volume("unfinished", "chmod 777 .; mkdir mysql")
        refuses(first_start(small, f"--volume={volume}:/var/lib/mysql"), "the first start was cut short")
    finally:
        small.run("docker", "volume", "rm", volume)


def test_migrate_with_a_wrong_password_says_so(small: Small) -> None:
    with small.spoiled("job/database_url", "mysql://inkstone_migrate:wrong@mysql/inkstone"):
        refuses(small.once("migrate"), "The database can't be reached: Access denied for user 'inkstone_migrate'")


def test_web_with_a_wrong_password_lives_and_says_so_once(small: Small) -> None:
    with small.spoiled("web/database_url", "mysql://inkstone_web:wrong@mysql/inkstone"):
        assert small.up("--no-deps", "--force-recreate", "web").returncode == 0
        replica = small.replicas()[0]
        asked = [replica.ask(path).status for path in ["/healthz", "/readyz"] * 20]
        said = small.compose("logs", "--no-log-prefix", "web").splitlines()
        restarted = small.facts("web")[0]["RestartCount"]
    small.up("--no-deps", "--force-recreate", "web")

    assert asked == [200, 503] * 20
    assert len([line for line in said if "the database can't be reached" in line and "Access denied" in line]) == 1
    assert len(said) < 20, said
    assert restarted == 0
    wait_for(lambda: small.serves("/readyz"))


@pytest.mark.parametrize(
    ("name", "value"), [("INKSTONE_WORKERS", "many"), ("INKSTONE_WORKERS", "0"), ("INKSTONE_LANGUAGE", "tlh")]
)
def test_a_bad_setting_ends_the_start(small: Small, name: str, value: str) -> None:
    refuses(small.once("web", **{name: value}), f"{name} makes no sense: it is ")


# The schema


@contextmanager
def newer_schema(small: Small) -> Iterator[None]:
    """The database as a release of the future left it."""
    version = small.sql("SELECT version_num FROM alembic_version")
    small.sql("UPDATE alembic_version SET version_num = '9999_later'")
    try:
        yield
    finally:
        small.sql(f"UPDATE alembic_version SET version_num = '{version}'")


def test_an_older_release_does_not_start_on_a_newer_schema(small: Small) -> None:
    before = starts(small)

    with newer_schema(small):
        refuses(
            small.once("migrate"),
            "The database's schema is 9999_later, newer than this release's",
            "use a newer release",
        )
        done = small.up()

    assert done.returncode != 0
    assert 'service "migrate" didn\'t complete successfully' in last_line(done.stderr)
    # What ran goes on.
    assert starts(small) == before
    assert small.ask("/readyz").status == 200


def test_web_goes_on_serving_while_a_newer_release_is_brought_in(small: Small) -> None:
    with newer_schema(small):
        assert small.up("--no-deps", "--force-recreate", "web").returncode == 0
        wait_for(lambda: small.serves("/readyz"))

        assert small.ask("/").status == 200


# The port


@contextmanager
def taken_port() -> Iterator[str]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


def test_make_up_names_a_port_that_is_taken_before_it_starts_anything(small: Small) -> None:
    other = {"COMPOSE_PROJECT_NAME": f"{small.project}-port"}

    with taken_port() as port:
        done = small.attempt("make", "--no-print-directory", "up", PORT=port, **other)
        left = small.attempt("docker", "compose", "ps", "--all", "--quiet", PORT=port, **other).stdout

    assert done.returncode != 0
    assert done.stderr.startswith(
        f"up: port {port} is in use by something else: end that, or choose another, as in make up PORT="
    )
    assert left == ""


def test_make_up_takes_the_port_from_env(small: Small, tmp_path: Path) -> None:
    unset = ("env", "--unset=PORT", "--unset=LISTEN", "--unset=COMPOSE_DISABLE_ENV_FILE")
    other = {"COMPOSE_PROJECT_NAME": f"{small.project}-port", "COMPOSE_ENV_FILES": str(tmp_path / ".env")}
    with taken_port() as port:
        (tmp_path / ".env").write_text(f"PORT={port}\n")
        done = small.attempt(*unset, "make", "up", **other)

    assert done.stderr.startswith(f"up: port {port} is in use"), done


def test_docker_compose_up_names_a_port_that_is_taken(small: Small) -> None:
    other = {"COMPOSE_PROJECT_NAME": f"{small.project}-port"}
    with taken_port() as port:
        try:
            done = small.attempt("docker", "compose", "up", "--detach", "--no-deps", "nginx", PORT=port, **other)
        finally:
            small.attempt("docker", "compose", "down", "--volumes", PORT=port, **other)

    assert done.returncode != 0
    assert f":{port}" in last_line(done.stderr)
    assert "address already in use" in last_line(done.stderr)


# The disk


@contextmanager
def full_disk(small: Small) -> Iterator[None]:
    """Nothing more goes onto the database's disk."""
    small.inside(
        "mysql", "sh", "-c", "cat /dev/zero > /var/lib/mysql/filler 2>/dev/null; df /var/lib/mysql", check=False
    )
    try:
        yield
    finally:
        small.inside("mysql", "rm", "-f", "/var/lib/mysql/filler")


numbers = itertools.count(1)


def write(small: Small) -> tuple[Reply, float]:
    """A long post, and how long it took."""
    text = secrets.token_hex(40 * KILOBYTES)
    began = time.monotonic()
    reply = small.api(
        "POST", "/api/posts", {"name": f"Long {next(numbers)}", "content": text, "status": "published", "tags": []}
    )
    return reply, time.monotonic() - began


def test_a_full_disk_is_told_to_authors_and_loses_nothing_that_was_saved(small: Small) -> None:
    small.sign_in()
    before = starts(small), small.facts("mysql")[0]["State"]["StartedAt"]
    saved: list[Reply] = []
    refused: list[Reply] = []

    with full_disk(small):
        while len(refused) < 20:
            reply, seconds = write(small)
            assert seconds < PATIENCE, reply
            (saved if reply.status == 201 else refused).append(reply)
        reads = [small.ask(path, cookie=small.cookie).status for path in ("/", "/archive", "/api/posts", "/readyz")]

    for reply in refused:
        assert (reply.status, "retry-after" in reply.headers) == (503, True), reply
        assert reply.headers["content-type"].startswith("application/problem+json")
        assert reply.json()["detail"] == "The database can't save anything at the moment."
    assert reads == [200] * 4
    assert "is full" in small.compose("logs", "--no-log-prefix", "mysql")
    assert "the database takes no writes, its disk is full: " in small.compose("logs", "--no-log-prefix", "web")
    # There is room again: it goes on by itself, and has what it said that it had.
    saved.append(write(small)[0])
    assert saved[-1].status == 201, saved[-1]
    for reply in saved:
        post = reply.json()
        assert small.api("GET", f"/api/posts/{post['id']}").json()["content"] == post["content"]
    titles = small.sql("SELECT COUNT(*) FROM posts WHERE name LIKE 'Long %'")
    assert int(titles) == len(saved)
    assert (starts(small), small.facts("mysql")[0]["State"]["StartedAt"]) == before
