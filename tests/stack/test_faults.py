"""Parts of the stack are away, and come back"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.native.stacks import wait_for
from tests.stack.containers import Containers
from tests.stack.test_replicas import publish

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

# What a request may take when the database says nothing: the application's own limits, and a slow machine.
PATIENCE = 12.0


@contextmanager
def mysql_killed(stack: Containers) -> Iterator[None]:
    """The database killed with all its hands full, and started again at the end."""
    stack.signal("mysql")
    try:
        yield
    finally:
        stack.compose("start", "mysql")
    wait_for(lambda: stack.serves("/readyz"))


@contextmanager
def mysql_paused(stack: Containers) -> Iterator[None]:
    """The database takes connections and says nothing."""
    stack.compose("pause", "mysql")
    try:
        yield
    finally:
        stack.compose("unpause", "mysql")


@contextmanager
def mysql_cut_off(stack: Containers) -> Iterator[None]:
    """Nothing comes from the database nor goes there."""
    network, container = f"{stack.project}_data", stack.containers("mysql")[0]
    stack.run("docker", "network", "disconnect", network, container)
    try:
        yield
    finally:
        stack.run("docker", "network", "connect", "--alias=mysql", network, container)


def starts(stack: Containers) -> list[Any]:
    return [(facts["Id"], facts["State"]["StartedAt"], facts["RestartCount"]) for facts in stack.facts("web")]


def test_readers_still_read_while_mysql_is_away(stack: Containers) -> None:
    stack.sign_in()
    address = publish(stack)
    copy = stack.ask(address)
    before = starts(stack)

    with mysql_killed(stack):
        wait_for(lambda: "x-inkstone-stale" in stack.ask(address).headers)
        old = stack.ask(address)
        unseen = stack.ask("/archive?before=nobody-asked-for-this")
        write = stack.api("POST", "/api/posts", {"name": "Lost?", "content": "No."})
        alive = stack.ask("/healthz")

    assert (old.status, old.body, old.headers["x-inkstone-stale"]) == (200, copy.body, "1")
    for reply in (unseen, write):
        assert (reply.status, "retry-after" in reply.headers) == (503, True), reply
    assert write.headers["content-type"].startswith("application/problem+json")
    assert alive.status == 200
    # It recovers by itself: the same processes go on.
    wait_for(lambda: "x-inkstone-stale" not in stack.ask(address).headers)
    assert stack.ask(publish(stack)).status == 200
    assert starts(stack) == before


def test_web_started_without_a_database_waits_for_it(stack: Containers) -> None:
    with mysql_killed(stack):
        stack.compose("restart", "--no-deps", "web")
        wait_for(lambda: all(replica.serves("/healthz") for replica in stack.replicas()))
        before = starts(stack)
        ready = [replica.ask("/readyz").status for replica in stack.replicas()]

    assert set(ready) == {503}
    wait_for(lambda: all(replica.serves("/readyz") for replica in stack.replicas()))
    assert starts(stack) == before


@pytest.mark.parametrize("trouble", ["paused", "cut off"])
def test_nothing_waits_long_for_a_database_that_is_silent(stack: Containers, trouble: str) -> None:
    stack.sign_in()
    address = publish(stack)
    stack.ask(address)
    before = starts(stack)

    with {"paused": mysql_paused, "cut off": mysql_cut_off}[trouble](stack):
        times = []
        for path, cookie in [(address, ""), (address, stack.cookie), ("/api/posts", stack.cookie), ("/readyz", "")] * 2:
            began = time.monotonic()
            status = stack.ask(path, cookie=cookie).status
            times.append((path, status, time.monotonic() - began))

    # The page that somebody has read is still shown; whatever needs the database says 503, and soon.
    assert {(path, status) for path, status, _ in times} == {
        (address, 200), (address, 503), ("/api/posts", 503), ("/readyz", 503),
    }  # fmt: skip
    assert max(taken for *_, taken in times) < PATIENCE, times
    wait_for(lambda: all(replica.serves("/readyz") for replica in stack.replicas()), deadline=PATIENCE)
    assert starts(stack) == before


@pytest.mark.parametrize("path", ["/api/me", "/"])
def test_one_replica_dies_and_no_reader_notices(stack: Containers, path: str) -> None:
    stack.sign_in()
    stack.run("docker", "kill", stack.containers("web")[0])

    try:
        # Signed in, so that no copy of nginx's answers.
        statuses = [stack.ask(path, cookie=stack.cookie).status for _ in range(50)]
    finally:
        stack.start()

    assert set(statuses) == {200}
