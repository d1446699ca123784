"""What a process that is stopped still does"""

import contextlib
import signal
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse

import pytest

from tests import servers
from tests.servers import Blog
from tests.storage.conftest import until

DRAIN = "3"
SIGN_IN = b'{"email": "nobody@blog.test", "password": "nobody knows"}'


class Connection(HTTPConnection):
    """A connection that is there already when the process is stopped, as nginx keeps them."""

    def __init__(self, blog: Blog) -> None:
        super().__init__("blog.test")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(blog.socket))

    def ask(self, method: str, path: str, body: bytes | None = None) -> HTTPResponse:
        headers = {"Origin": servers.SITE_URL, "Host": servers.SITE_URL.partition("://")[2]}
        self.request(method, path, body, headers | ({"Content-Type": "application/json"} if body else {}))
        answer = self.getresponse()
        answer.read()
        return answer


@pytest.fixture
def leaving(database_url: str) -> Iterator[tuple[Blog, list[Connection]]]:
    """An application that has just been told to stop, and connections to it."""
    with servers.gunicorn(database_url, DRAIN_SECONDS=DRAIN) as blog, contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(Connection(blog.wait()))) for _ in range(6)]
        assert [connection.ask("GET", "/healthz").status for connection in connections] == [200] * 6
        blog.process.send_signal(signal.SIGTERM)
        yield blog, connections


async def test_reads_are_sent_elsewhere_and_writes_are_served(leaving: tuple[Blog, list[Connection]]):
    blog, (first, *others) = leaving

    async def refused() -> bool:
        """The master has told the worker."""
        return first.ask("GET", "/healthz").getheader("Connection") == "close"

    await until(refused)
    read, head, write, alive, told = (
        connection.ask(method, path, body)
        for connection, (method, path, body) in zip(
            others,
            [
                ("GET", "/", None),
                ("HEAD", "/readyz", None),
                ("POST", "/api/authenticate", SIGN_IN),
                ("GET", "/healthz", None),
                ("GET", "/metrics", None),
            ],
            strict=True,
        )
    )

    assert [answer.status for answer in (read, head, write, alive, told)] == [502, 502, 422, 200, 200]
    assert {answer.getheader("Connection") for answer in (read, head, write, alive, told)} == {"close"}
    assert (read.getheader("Retry-After"), read.getheader("Cache-Control")) == (DRAIN, "no-store")
    assert blog.process.wait(20) == 0


async def test_without_the_setting_it_ends_at_once(database_url: str):
    with servers.gunicorn(database_url) as blog:
        with contextlib.closing(Connection(blog.wait())) as connection:
            assert connection.ask("GET", "/healthz").getheader("Connection") != "close"

            blog.process.send_signal(signal.SIGTERM)

            assert connection.sock.recv(1) == b""  # closed, and nothing said
        assert blog.process.wait(20) == 0
