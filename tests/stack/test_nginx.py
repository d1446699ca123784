"""The image of nginx by itself: what it finds out when it starts, and how it ends"""

import http.client
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.native.stacks import wait_for
from tests.stack.containers import Containers

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


@contextmanager
def nginx(stack: Containers, *options: str) -> Iterator[tuple[str, http.client.HTTPConnection]]:
    """One of the stack's image, by itself and under compose's constraints; and a connection that was answered."""
    memory = [f"--tmpfs={folder}:mode=1777" for folder in ("/tmp", "/run/nginx", "/cache")]
    confined = ["--read-only", "--cap-drop=ALL", "--publish=127.0.0.1::8080", "--env=NGINX_CACHE=/cache"]
    image = f"inkstone-nginx:{stack.project}"
    container = stack.run("docker", "run", "--detach", *confined, *memory, *options, image).strip()
    try:
        _, port = stack.run("docker", "port", container, "8080").strip().rsplit(":", 1)
        with closing(http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)) as connection:
            wait_for(lambda: asked(connection) == 204)
            yield container, connection
    finally:
        stack.run("docker", "rm", "--force", container)


def asked(connection: http.client.HTTPConnection) -> int | None:
    try:
        connection.request("GET", "/.nginx", headers={"X-Forwarded-For": "192.0.2.7"})
        with connection.getresponse() as reply:
            return reply.status
    except (OSError, http.client.HTTPException):
        connection.close()
        return None


@pytest.mark.parametrize(
    ("dns", "resolver", "suffix"),
    [
        (
            ["10.96.0.10", "inkstone.svc.cluster.local", "svc.cluster.local"],
            "10.96.0.10",
            ".inkstone.svc.cluster.local",
        ),
        (["fd00:10::a", "blog.svc.k8s.example.org"], "[fd00:10::a]", ".blog.svc.k8s.example.org"),
        (["10.0.0.2", "corp.example.org"], "10.0.0.2", ""),
    ],
)
def test_it_finds_dns_and_the_application(stack: Containers, dns: list[str], resolver: str, suffix: str) -> None:
    options = [f"--dns={dns[0]}", *(f"--dns-search={domain}" for domain in dns[1:])]
    options.append("--env=NGINX_WEB_BACKUP=web-any:8000")

    with nginx(stack, *options) as (container, _):
        written = stack.run("docker", "exec", container, "cat", "/run/nginx/upstream.conf")

    assert re.findall(r"^ *(?:resolver|server) (\S+) ", written, re.M) == [
        resolver,
        f"web{suffix}:8000",
        f"web-any{suffix}:8000",
    ]


def test_it_asks_the_others_when_there_is_no_replica_that_is_ready(stack: Containers) -> None:
    names = ["--env=NGINX_RESOLVER=127.0.0.11", "--env=NGINX_WEB=nobody:8000", "--env=NGINX_WEB_BACKUP=web:8000"]

    with nginx(stack, *names) as (container, _):
        stack.run("docker", "network", "connect", f"{stack.project}_inside", container)
        ask = ["docker", "exec", container, "curl", "--silent", "http://127.0.0.1:8080/healthz"]
        wait_for(lambda: stack.run(*ask, check=False).startswith("ok"), lambda: stack.run(*ask, check=False))


def test_a_request_on_its_way_is_answered_while_it_ends(stack: Containers) -> None:
    with nginx(stack) as (container, connection):
        stack.run("docker", "kill", "--signal=QUIT", container)
        stack.run("docker", "exec", container, "sleep", "1")
        connection.request("GET", "/.nginx")
        reply = connection.getresponse()
        connection.close()
        ended = stack.run("docker", "wait", container).strip()

    assert (reply.status, reply.getheader("Connection")) == (204, "close")
    assert ended == "0"


@pytest.mark.parametrize(("trusted", "shown"), [("10.0.0.0/8,172.16.0.0/12,192.168.0.0/16", True), ("", False)])
def test_an_address_is_believed_only_from_those_who_are_trusted(stack: Containers, trusted: str, shown: bool) -> None:
    with nginx(stack, f"--env=NGINX_TRUSTED_PROXIES={trusted}") as (container, connection):
        connection.request("GET", "/x", headers={"X-Forwarded-For": "192.0.2.7"})
        id = connection.getresponse().headers["X-Request-ID"]
        wait_for(lambda: id in stack.run("docker", "logs", container))
        (line,) = [line for line in stack.run("docker", "logs", container).splitlines() if id in line]

    assert (json.loads(line)["client"] == "192.0.2.7") is shown


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("NGINX_TRUSTED_PROXIES=10.0.0.0/8; evil", "NGINX_TRUSTED_PROXIES makes no sense: "),
        ("NGINX_LOG_FORMAT=xml", "INKSTONE_LOG_FORMAT makes no sense: "),
        ("NGINX_EDGE=TLS", "NGINX_EDGE makes no sense: "),
        ("NGINX_EDGE=tls", "NGINX_SITE_URL is not set: "),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(stack: Containers, setting: str, reason: str) -> None:
    done = stack.attempt("docker", "run", "--rm", f"--env={setting}", f"inkstone-nginx:{stack.project}")

    assert done.returncode == 1
    assert done.stderr.startswith(f"inkstone: {reason}")
    assert done.stderr.count("\n") == 1
