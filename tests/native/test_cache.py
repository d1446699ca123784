"""nginx keeps what the application says it may, for as long as it says, and no longer"""

import itertools
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.native.stacks import Reply, Stack, wait_for

pytestmark = pytest.mark.xdist_group("native")

# Said of a page of which there is a copy: fresh until the second ends, then shown or asked for anew.
KEPT = {"HIT", "STALE", "UPDATING", "REVALIDATED", "EXPIRED"}
numbers = itertools.count(1)
SIGNED_IN = "inkstone_session=x"
# Fresh for a second, then one more while it is fetched anew, each rounded up by nginx; the rest is a slow machine's.
SOON = 6.0


def publish(stack: Stack, name: str = "") -> Any:
    """A published post with a name of its own."""
    content = {"name": name or f"Cached {next(numbers)}", "content": "First.", "status": "published", "tags": []}
    reply = stack.api("POST", "/api/posts", content)
    assert reply.status == 201, reply
    return reply.json()


def change(stack: Stack, post: Any, content: str) -> Reply:
    fields = {name: post[name] for name in ("name", "summary", "status", "tags")}
    return stack.api("PUT", f"/api/posts/{post['id']}", fields | {"content": content}, if_match=f'"{post["version"]}"')


@contextmanager
def away(stack: Stack, *programs: str) -> Iterator[None]:
    """Kill programs and keep Supervisor from starting them again until the end."""
    supervisor = int((stack.var / "run" / "supervisord.pid").read_text())
    victims = [stack.pid(program) for program in programs]
    os.kill(supervisor, signal.SIGSTOP)
    try:
        for victim in victims:
            # gunicorn's workers outlive their master by a second: the whole group goes.
            os.killpg(victim, signal.SIGKILL)
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)
    wait_for(lambda: stack.serves("/readyz"), stack.said)


def test_second_reader_gets_the_copy(stack: Stack) -> None:
    address = f"/post/{publish(stack)['slug']}"

    first, second = stack.ask(address), stack.ask(address)

    assert first.headers["x-cache"] == "MISS"
    assert second.headers["x-cache"] in KEPT
    assert "s-maxage=1" in first.headers["cache-control"]
    assert first.body == second.body


def test_arguments_that_no_page_knows_share_the_copy(stack: Stack) -> None:
    address = f"/post/{publish(stack)['slug']}"
    first = stack.ask(f"{address}?utm_source=a&utm_medium=b")

    second = stack.ask(f"{address}?utm_source=c&fbclid=d")

    assert second.headers["x-cache"] in KEPT
    assert b"utm_source" not in first.body


def test_arguments_that_pages_know_have_copies_of_their_own(stack: Stack) -> None:
    word = f"word{next(numbers)}"
    publish(stack, f"About {word}")

    found = stack.ask(f"/search?utm_source=a&q={word}")
    other = stack.ask("/search?q=somethingelse")

    assert f"About {word}" in found.body.decode().replace("<mark>", "").replace("</mark>", "")
    assert word not in other.body.decode()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip", "gzip"), ("br;q=1.0, gzip;q=0.8", "gzip"), ("gzip;q=0, br", None), ("identity", None)],
)
def test_two_encodings_are_kept_and_no_more(stack: Stack, accepted: str, encoding: str | None) -> None:
    stack.ask("/robots.txt", accept_encoding="gzip")
    page = stack.ask("/", accept_encoding=accepted)

    assert page.headers.get("content-encoding") == encoding


def test_browsers_that_say_it_differently_share_the_copy(stack: Stack) -> None:
    address = f"/post/{publish(stack)['slug']}"
    stack.ask(address, accept_encoding="gzip, deflate, br")

    second = stack.ask(address, accept_encoding="deflate, gzip;q=1.0, zstd")

    assert second.headers["x-cache"] in KEPT
    assert stack.ask(address).headers.get("content-encoding") is None


@pytest.mark.parametrize("name", ["inkstone_session", "__Host-inkstone_session"])
def test_session_cookie_goes_past_the_cache(stack: Stack, name: str) -> None:
    address = f"/post/{publish(stack)['slug']}"
    stack.ask(address)

    past = stack.ask(address, cookie=f"theme=dark; {name}=x")

    assert past.headers["x-cache"] == "BYPASS"
    assert stack.ask(address, cookie="theme=dark").headers["x-cache"] in KEPT


def test_signed_in_page_is_never_kept(stack: Stack) -> None:
    address = f"/post/{publish(stack)['slug']}"
    assert stack.cookie

    mine = stack.ask(address, cookie=stack.cookie)

    assert mine.headers["cache-control"] == "private, no-store"
    assert stack.ask(address).headers["x-cache"] == "MISS"


def test_post_is_never_kept(stack: Stack) -> None:
    replies = [stack.ask("/signin", "POST", b"", origin=f"http://{stack.host}") for _ in range(2)]

    assert all("x-cache" not in reply.headers for reply in replies)
    assert all("no-store" in reply.headers["cache-control"] for reply in replies)


def test_missing_page_is_never_kept(stack: Stack) -> None:
    replies = [stack.ask("/post/there-is-none") for _ in range(2)]

    assert [reply.status for reply in replies] == [404, 404]
    assert not KEPT & {reply.headers["x-cache"] for reply in replies}


def test_change_is_seen_within_a_moment(stack: Stack) -> None:
    post = publish(stack)
    address = f"/post/{post['slug']}"
    assert b"First." in stack.ask(address).body

    assert change(stack, post, "Second.").status == 200
    began = time.monotonic()

    wait_for(lambda: b"Second." in stack.ask(address).body, deadline=SOON)
    assert time.monotonic() - began < SOON


def test_page_read_long_ago_is_not_shown_again(stack: Stack) -> None:
    post = publish(stack)
    address = f"/post/{post['slug']}"
    stack.ask(address)
    # Past freshness and past stale-while-revalidate: an old copy would now be an answer from the past.
    time.sleep(5)

    assert change(stack, post, "Second.").status == 200

    assert b"Second." in stack.ask(address).body


def test_deleted_post_is_gone_though_its_copy_is_there(stack: Stack) -> None:
    post = publish(stack)
    address = f"/post/{post['slug']}"
    stack.ask(address)

    assert stack.api("DELETE", f"/api/posts/{post['id']}", if_match=f'"{post["version"]}"').status == 204

    wait_for(lambda: stack.ask(address).status == 404, deadline=SOON)
    # And it stays so: a 404 is an answer, not a failure that an old copy would make good.
    assert [stack.ask(address).status for _ in range(3)] == [404, 404, 404]


def test_assets_are_kept_for_a_year_whatever_is_asked(stack: Stack) -> None:
    address = stack.ask("/").body.decode().split('rel="stylesheet" href="')[1].split('"')[0]
    stack.ask(address)

    again = stack.ask(f"{address}?v=2", cookie=SIGNED_IN)

    assert again.headers["x-cache"] == "HIT"
    assert again.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/metrics/", "/metrics?x", "//metrics", "/./metrics", "/x/../metrics", "/%6detrics", "/%2fmetrics"],
)
def test_metrics_are_not_for_readers(stack: Stack, path: str) -> None:
    reply = stack.ask(path)

    assert reply.status == 404
    assert b"inkstone_" not in reply.body


def test_too_large_says_so(stack: Stack) -> None:
    body = b"x" * (7 * 1024**2)

    page, api = (stack.ask(path, "POST", body, content_type="text/plain") for path in ("/signin", "/api/posts"))

    assert (page.status, api.status) == (413, 413)
    assert api.headers["content-type"] == "application/problem+json"
    assert api.json()["status"] == 413


@pytest.mark.parametrize("programs", [("mysql",), ("web",)])
def test_readers_still_read_while_something_is_away(stack: Stack, programs: tuple[str, ...]) -> None:
    address = f"/post/{publish(stack)['slug']}"
    copy = stack.ask(address)
    assert "x-inkstone-stale" not in copy.headers

    with away(stack, *programs):
        wait_for(lambda: "x-inkstone-stale" in stack.ask(address).headers)
        old = stack.ask(address)
        unseen = stack.ask("/archive?before=nobody-asked-for-this")
        write = stack.send("POST", "/api/posts", {}, cookie=stack.cookie)
        cookie = stack.ask(address, cookie=stack.cookie)

    assert (old.status, old.body, old.headers["x-inkstone-stale"]) == (200, copy.body, "1")
    assert old.headers["x-inkstone-stale-date"]
    for reply in (unseen, write, cookie):
        assert (reply.status, "retry-after" in reply.headers) == (503, True), reply
        assert "no-store" in reply.headers["cache-control"]
    assert write.headers["content-type"].startswith("application/problem+json")
    wait_for(lambda: "x-inkstone-stale" not in stack.ask(address).headers)
