"""Parts of the stack are away, and come back"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.native.stacks import wait_for
from tests.stack.containers import Containers
from tests.stack.test_replicas import publish

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


@contextmanager
def mysql_killed(stack: Containers) -> Iterator[None]:
    """The database killed with all its hands full, and started again at the end."""
    stack.signal("mysql")
    try:
        yield
    finally:
        stack.compose("start", "mysql")
    wait_for(lambda: stack.serves("/readyz"))


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


def test_one_replica_dies_and_no_reader_notices(stack: Containers) -> None:
    stack.sign_in()
    stack.run("docker", "kill", stack.containers("web")[0])

    try:
        statuses = [stack.api("GET", "/api/me").status for _ in range(50)]
    finally:
        stack.start()

    assert set(statuses) == {200}
