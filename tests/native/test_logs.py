"""make run: nginx's line and the application's, tied together by the request's id"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import marks
from tests.marks import plant
from tests.native.stacks import Reply, Stack, free_port, wait_for
from tests.native.test_cache import KEPT, away, publish

pytestmark = pytest.mark.xdist_group("native")
ID = re.compile("[0-9a-f]{32}")


@pytest.fixture(scope="module")
def told(folder: Path) -> Iterator[Stack]:
    """A stack that tells all that it can, in JSON."""
    stack = Stack(folder / "told", free_port())
    stack.settings = {"INKSTONE_LOG_FORMAT": "json", "INKSTONE_LOG_LEVEL": "debug"}
    try:
        stack.start()
        yield stack
    finally:
        stack.end()


def lines(stack: Stack, program: str, reply: Reply, number: int = 1) -> list[dict[str, Any]]:
    """A program's lines about a request, as soon as there are so many."""
    id = reply.headers["x-request-id"]

    def found() -> list[str]:
        return [line for line in log(stack, program).splitlines() if id in line and line.startswith("{")]

    wait_for(lambda: len(found()) >= number, lambda: log(stack, program)[-3000:])
    return [json.loads(line) for line in found()]


def log(stack: Stack, program: str) -> str:
    return (stack.var / "log" / f"{program}.log").read_text(errors="replace")


def test_both_tell_of_a_request_by_one_id(told: Stack) -> None:
    path = f"/post/{publish(told)['slug']}"

    reply = told.ask(f"{path}?utm_source=x", user_agent='Mozilla "5.0"')

    (front,), (web,) = lines(told, "nginx", reply), lines(told, "web", reply)
    assert ID.fullmatch(front["id"])
    shown = {
        name: front[name] for name in ("method", "path", "status", "cache", "client", "host", "agent", "web_status")
    }
    assert shown == {
        "method": "GET",
        "path": path,
        "status": 200,
        "cache": "MISS",
        "client": "127.0.0.1",
        "host": "127.0.0.1",
        "agent": 'Mozilla "5.0"',
        "web_status": "200",
    }
    assert front["bytes"] == len(reply.body)
    assert front["web"] == f"unix:{told.var}/run/web.sock"
    assert (web["route"], web["method"], web["status"], web["statements"]) == ("post", "GET", 200, 1)
    assert web["seconds"] <= float(front["web_seconds"]) + 0.002
    assert front["time"][:16] == web["time"][:16] or front["time"][-5:] != web["time"][-5:]  # or another zone


def test_each_copy_has_an_id_of_its_own(told: Stack) -> None:
    path = f"/post/{publish(told)['slug']}"
    first = told.ask(path)

    replies = [told.ask(path) for _ in range(5)]
    unchanged = told.ask(path, if_none_match=first.headers["etag"])

    assert unchanged.status == 304
    assert {reply.headers["x-cache"] for reply in replies} <= KEPT
    ids = [reply.headers["x-request-id"] for reply in (first, *replies, unchanged)]
    assert all(map(ID.fullmatch, ids))
    assert len(set(ids)) == 7
    assert lines(told, "nginx", unchanged)[0]["status"] == 304


def test_there_is_one_header_of_that_name(told: Stack) -> None:
    for path in ("/", "/api/posts", "/static/nothing", "/nothing", "/metrics"):
        connection = told.connect()
        connection.request("GET", path, headers={"X-Request-ID": "ab" * 16})
        ids = connection.getresponse().headers.get_all("X-Request-ID")
        connection.close()

        assert ids
        assert len(ids) == 1, path
        assert ID.fullmatch(ids[0])
        assert ids[0] != "ab" * 16  # what a client says is not believed


def test_probes_are_not_told_by_nginx(told: Stack) -> None:
    probes = [told.ask(path) for path in ("/healthz", "/readyz", "/.nginx", "/metrics")]
    last = told.ask("/archive")

    lines(told, "nginx", last)
    assert not [reply for reply in probes if reply.headers["x-request-id"] in log(told, "nginx")]


def test_error_pages_of_both_show_the_id(told: Stack) -> None:
    missing, problem = told.ask("/nothing"), told.ask("/api/nothing")
    assert f"<code>{missing.headers['x-request-id']}</code>" in missing.body.decode()
    assert problem.json()["request_id"] == problem.headers["x-request-id"]

    large = b"x" * (7 * 1024**2)
    with away(told, "web"):
        page, api = told.ask("/archive?before=x"), told.ask("/api/posts")
        too_large, too_large_api = (
            told.ask(path, "POST", large, content_type="text/plain") for path in ("/x", "/api/x")
        )

    assert (page.status, api.status, too_large.status, too_large_api.status) == (503, 503, 413, 413)
    for reply in (page, too_large):
        assert f"<code>{reply.headers['x-request-id']}</code>" in reply.body.decode()
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
    for reply in (api, too_large_api):
        assert reply.json()["request_id"] == reply.headers["x-request-id"]
    assert lines(told, "nginx", page)[0]["status"] == 503


def test_no_secret_is_in_any_log(told: Stack) -> None:
    told.sign_in()
    plant(told)
    with away(told, "web"):
        plant(told)
    with away(told, "mysql"):
        plant(told)
    lines(told, "nginx", told.ask("/archive"))

    texts = {path.name: path.read_text(errors="replace") for path in (told.var / "log").iterdir()} | {"": told.said()}
    assert {"nginx.log", "web.log", "mysql.log", "migrate.log", "supervisord.log"} <= texts.keys()
    secrets = [told.secret(path.name) for path in (told.var / "secrets").iterdir() if path.stat().st_size]
    secrets += [word for secret in secrets for word in re.findall(r"(?<=:)[^:/@]{12,}(?=@)", secret)]
    assert len(secrets) > 5
    cookie = told.cookie.partition("=")[2]
    assert cookie
    shown_once = told.secret("admin_password")  # by the terminal, on purpose, at the first start
    for name, text in texts.items():
        wanted = [secret for secret in (*secrets, cookie) if name or secret != shown_once]
        assert marks.found(text, *wanted) == [], name


def test_people_get_columns(stack: Stack) -> None:
    replies = [stack.ask("/archive") for _ in range(2)]
    ids = [reply.headers["x-request-id"] for reply in replies]

    wait_for(lambda: all(id in log(stack, "nginx") for id in ids), lambda: log(stack, "nginx")[-3000:])
    # Each of nginx's processes writes when it has enough: the lines may come in another order.
    found = [line for id in ids for line in log(stack, "nginx").splitlines() if id in line]
    assert len({line.index(id) for line, id in zip(found, ids, strict=True)}) == 1
    assert re.fullmatch(rf"\S{{25}} 200 [\d.]{{5}}s [A-Z]+ +{ids[0]} GET /archive", found[0])
    assert any(re.search(r" 200 GET     archive +[\d.]+ ms ", line) for line in log(stack, "web").splitlines())


def test_bytes_that_are_no_text_break_no_line(told: Stack) -> None:
    reply = told.ask("/%ff%22%0a%5c", user_agent='a"b\\c\td')

    (line,) = lines(told, "nginx", reply)
    assert (line["path"], line["agent"]) == ("/%ff%22%0a%5c", 'a"b\\c\td')


def test_a_form_that_there_is_not_is_refused(refused: Callable[..., str], folder: Path) -> None:
    said = refused(VAR=str(folder / "refused"), INKSTONE_LOG_FORMAT="xml", VAR_SPACE_MB="1")

    assert "INKSTONE_LOG_FORMAT makes no sense: it is one of: text, json" in said
