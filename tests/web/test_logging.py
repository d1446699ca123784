"""A line for each request, in the worker's log"""

import asyncio
import contextlib
import json
import os
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from tests import marks, servers
from tests.conftest import PASSWORD, Browser, visit
from tests.servers import KEYS, Blog

ID = "0123456789abcdef" * 2
pytestmark = pytest.mark.xdist_group("logging")


@pytest.fixture(scope="module")
def told(database_url: str) -> Iterator[Blog]:
    """The application with planted failures, telling in JSON all that there is to tell."""
    with servers.gunicorn(database_url, "tests.planting:application", LOG_FORMAT="json", LOG_LEVEL="debug") as blog:
        yield blog.wait()


@pytest.fixture
async def reader(told: Blog, database: object) -> AsyncIterator[Browser]:
    async with visit(told) as make:
        yield make()


async def lines(blog: Blog, wanted: Callable[[dict[str, Any]], bool], number: int = 1) -> list[dict[str, Any]]:
    """All such lines, as soon as there are so many."""
    async with asyncio.timeout(servers.PATIENCE):
        while True:
            found = [line for line in parsed(blog) if wanted(line)]
            if len(found) >= number:
                return found
            await asyncio.sleep(0.05)


def parsed(blog: Blog) -> list[dict[str, Any]]:
    """Every line is one of ours: there is nothing else in the log."""
    return [json.loads(line) for line in blog.log.splitlines(keepends=True) if line.endswith("\n")]


async def line_of(blog: Blog, id: str) -> dict[str, Any]:
    """The line of a request."""
    (line,) = await lines(blog, lambda line: line["id"] == id and "route" in line)
    return line


async def test_a_request_is_told(told: Blog, reader: Browser, post):
    reply = await reader.get("/post/hello?a=b")

    line = await line_of(told, reply.headers["X-Request-ID"])
    assert [line[name] for name in ("level", "route", "method", "status", "statements")] == [
        "info",
        "post",
        "GET",
        200,
        1,
    ]
    assert 0 < line["database_seconds"] < line["seconds"] < servers.PATIENCE
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", ("info", "home", 200, 1)),
        ("GET", "/nothing", ("info", "unknown", 404, 1)),
        ("POST", "/signin", ("info", "signin", 400, 0)),
        ("PUT", "/api/posts/x", ("info", "api_posts_id", 401, 0)),
        ("DELETE", "/", ("info", "unknown", 405, 0)),
        ("GET", "/planted/failure", ("error", "unknown", 500, 0)),
        ("GET", "/healthz", ("debug", "healthz", 200, 0)),
        ("GET", "/metrics", ("debug", "metrics", 200, 0)),
    ],
)
async def test_a_request_is_told_by_its_route(told: Blog, reader: Browser, method, path, expected):
    reply = await reader.request(method, path)

    line = await line_of(told, reply.headers["X-Request-ID"])
    assert tuple(line[name] for name in ("level", "route", "status", "statements")) == expected


async def test_each_request_counts_its_own_statements(told: Blog, reader: Browser, post):
    replies = await asyncio.gather(*(reader.get("/post/hello") for _ in range(20)))

    ids = {reply.headers["X-Request-ID"] for reply in replies}
    assert len(ids) == 20
    found = await lines(told, lambda line: line["id"] in ids, 20)
    assert [line["statements"] for line in found] == [1] * 20


async def test_the_front_gives_the_id(told: Blog, reader: Browser):
    reply = await reader.get("/archive", headers={"X-Request-ID": ID})

    assert reply.headers["X-Request-ID"] == ID
    assert (await line_of(told, ID))["route"] == "archive"


@pytest.mark.parametrize("id", ["", "x" * 32, ID.upper(), ID[1:], f"{ID}0", '","level":"error'])
async def test_an_id_of_another_form_is_none(reader: Browser, id):
    reply = await reader.get("/", headers={"X-Request-ID": id})

    assert re.fullmatch("[0-9a-f]{32}", reply.headers["X-Request-ID"])
    assert reply.headers["X-Request-ID"] != id


@pytest.mark.parametrize(("trusted", "believed"), [("127.0.0.0/8", True), ("192.0.2.0/24", False)])
def test_only_who_is_trusted_gives_ids(database_url: str, trusted: str, believed: bool):
    port = servers.free_port()
    answers: list[str] = []

    def answered() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(f"GET /healthz HTTP/1.0\r\nX-Request-ID: {ID}\r\n\r\n".encode())
            answers.append(connection.recv(4096).decode())
        return bool(answers)

    with servers.gunicorn(database_url, BIND=f"127.0.0.1:{port}", TRUSTED_PROXIES=trusted):
        servers.wait_for(answered, "an answer")

    assert " 200 OK" in answers[0]
    assert (f"X-Request-ID: {ID}\r\n" in answers[0]) is believed


async def test_a_page_that_has_not_changed_has_an_id_of_its_own(reader: Browser, post):
    first = await reader.get("/post/hello")

    second = await reader.get("/post/hello", headers={"If-None-Match": first.headers["ETag"]})

    assert second.status == 304
    assert re.fullmatch("[0-9a-f]{32}", second.headers["X-Request-ID"])
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/nothing", "/planted/failure"])
async def test_an_error_page_shows_the_id(reader: Browser, path):
    reply = await reader.get(path)

    assert f"<code>{reply.headers['X-Request-ID']}</code>" in reply.text


async def test_a_problem_document_has_the_id(reader: Browser):
    reply = await reader.get("/api/nothing")

    assert reply.json["request_id"] == reply.headers["X-Request-ID"]


async def test_the_id_finds_the_traceback(told: Blog, reader: Browser):
    reply = await reader.get("/planted/failure")

    (line,) = await lines(told, lambda line: line["id"] == reply.headers["X-Request-ID"] and "traceback" in line)
    assert line["message"] == "GET /planted/failure failed"
    assert line["traceback"].endswith("LookupError: planted, with a local of 23 characters")


async def test_gunicorns_own_lines_have_the_form(told: Blog):
    booted = await lines(told, lambda line: line.get("logger") == "gunicorn" and "Booting worker" in line["message"])

    assert booted[0]["id"] is None


async def test_a_request_that_nobody_waits_for_is_told(told: Blog, reader: Browser):
    before = len(parsed(told))
    _, writer = await asyncio.open_unix_connection(str(told.socket))
    writer.write(b"POST /signin HTTP/1.1\r\nHost: blog.test\r\nOrigin: http://blog.test\r\nContent-Length: 9\r\n")
    writer.write(b"Content-Type: application/x-www-form-urlencoded\r\n\r\nemail")
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()

    def gone(line: dict[str, Any]) -> bool:
        return line.get("route") == "signin" and line["status"] in {400, 499}

    await lines(told, lambda line: gone(line) and line in parsed(told)[before:])


async def plant(reader: Browser) -> None:
    """Come with a secret wherever one may be."""
    headers = {
        "Cookie": f"inkstone_session={marks.SESSION}; other={marks.COOKIE}",
        "Authorization": f"Bearer {marks.AUTHORIZATION}",
        "X-CSRF-Token": marks.CSRF,
        "Referer": f"http://blog.test/?token={marks.REFERER}",
    }
    for path in ("/", "/planted/failure", "/planted/words", "/planted/statement", "/api/me", "/nothing"):
        await reader.get(f"{path}?token={marks.QUERY}", headers=headers)
    credentials = {"email": "bob@blog.test", "password": marks.FORM}
    await reader.post("/signin", data=credentials, headers=headers)
    await reader.post("/signin", data=credentials, headers={"Origin": "http://evil.test"})
    for sent in ({"email": "bob@blog.test", "password": marks.JSON}, {"password": marks.JSON, "email": 5}):
        await reader.post("/api/authenticate", json=sent)
    await reader.post("/api/authenticate", data=f'{{"password": "{marks.JSON}'.encode())


async def send_nonsense(blog: Blog) -> None:
    """A header that is none, with a secret in it."""
    reader, writer = await asyncio.open_unix_connection(str(blog.socket))
    writer.write(f"GET / HTTP/1.1\r\nHost: blog.test\r\nCookie: {marks.BROKEN}\x01\x00\r\n\r\n".encode())
    assert b" 400 " in await reader.read()
    writer.close()


async def test_no_secret_is_in_the_log(told: Blog, reader: Browser, cast, database_url: str):
    await plant(reader)
    await send_nonsense(told)
    signed_in = await reader.post("/api/authenticate", json={"email": "bob@blog.test", "password": PASSWORD})
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0].partition("=")[2]
    last = await reader.get("/")
    await line_of(told, last.headers["X-Request-ID"])

    password = database_url.partition("://")[2].partition("@")[0].partition(":")[2]
    assert len(password) > 8
    assert signed_in.status == 200
    assert marks.found(told.log, *KEYS, password, PASSWORD, cookie, "$argon2id$") == []
    # What is looked for would have been found: the failures themselves are there.
    for words in (
        "planted, with a local",
        "LookupError: planted *** ***",
        "error in your SQL syntax",
        "BadHttpMessage",
    ):
        assert words in told.log, words


async def test_a_database_that_is_away_keeps_its_password():
    url = "mysql://ink:a-password-of-its-own@127.0.0.1:1/inkstone"
    with servers.gunicorn(url, LOG_FORMAT="json", LOG_LEVEL="debug") as blog:
        async with visit(blog.wait()) as make:
            assert (await make().get("/")).status == 503
        await lines(blog, lambda line: "can't be reached" in line.get("message", ""))
        (line,) = await lines(blog, lambda line: line.get("route") == "home")
        log = blog.log

    assert line["level"] == "warning"
    assert "a-password-of-its-own" not in log


async def test_people_get_columns(database_url: str, post):
    with servers.gunicorn(database_url) as blog:
        async with visit(blog.wait()) as make:
            reply = await make().get("/post/hello")
        blog.process.terminate()
        blog.process.wait()  # and so has written everything
        said = blog.log.splitlines()

    id = reply.headers["X-Request-ID"]
    (line,) = [line for line in said if id in line]

    assert re.fullmatch(
        rf"[\d-]{{10}} [\d:.]{{12}} info     200 GET     post +[\d.]+ ms +[\d.]+ ms in  1 statements  {id}", line
    )
    assert not [line for line in said if "healthz" in line]  # at this level


@pytest.mark.parametrize(("setting", "value"), [("LOG_FORMAT", "xml"), ("LOG_LEVEL", "loud")])
def test_a_setting_that_makes_no_sense_is_refused_in_one_line(database_url: str, setting: str, value: str):
    with servers.gunicorn(database_url, **{setting: value}) as blog, pytest.raises(RuntimeError) as failure:
        blog.wait()

    assert str(failure.value).startswith(f"inkstone: INKSTONE_{setting} makes no sense: it is one of: ")
    assert str(failure.value).count("\n") == 1


async def test_no_reader_waits_for_a_log_that_nobody_reads(database_url: str, post):
    """It goes into a pipe here, which is full after 64 KiB."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    settings = {"LOG_FORMAT": "json", "DATABASE_POOL_SIZE": "2"}
    with servers.gunicorn(database_url, "tests.planting:application", says_to=writing, **settings) as blog:
        async with visit(blog.wait()) as make:
            reader = make()
            for _ in range(600):
                assert (await reader.get("/planted/failure")).status == 500
            last = await reader.get("/post/hello")
            read = b""
            async with asyncio.timeout(servers.PATIENCE):
                while last.headers["X-Request-ID"].encode() not in read:
                    read += drained(reading)
                    await asyncio.sleep(0.05)
    os.close(writing)
    os.close(reading)

    assert len(read) > 5 * 65536
    told = [json.loads(line) for line in read.splitlines(keepends=True) if line.endswith(b"\n")]
    assert sum("traceback" in line for line in told) == 600


def drained(descriptor: int) -> bytes:
    """What is in a pipe."""
    with contextlib.suppress(BlockingIOError):
        return os.read(descriptor, 65536)
    return b""
