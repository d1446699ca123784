"""Parts of the stack are away, and come back, while readers read and writers write"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.native.stacks import wait_for
from tests.stack.containers import REPLICAS, Containers
from tests.stack.traffic import Answer, Flow, assert_nothing_lost, traffic

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

Trouble = Callable[[Containers], AbstractContextManager[None]]

# Nobody waits longer for an answer, whatever is away.
PATIENCE = 5.0
# So much later than the database everything is back.
RECOVERY = 5.0
ACKNOWLEDGED = 2000


@contextmanager
def mysql_killed(stack: Containers) -> Iterator[None]:
    """The database killed with its hands full; at the end it answers again."""
    stack.signal("mysql")
    try:
        yield
    finally:
        stack.compose("start", "mysql")
        wait_for(lambda: stack.facts("mysql")[0]["State"]["Health"]["Status"] == "healthy")


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
    """What web sends to the database is lost without a word, and so is what the database sends."""
    network, container = f"{stack.project}_data", stack.containers("mysql")[0]
    stack.run("docker", "network", "disconnect", network, container)
    try:
        yield
    finally:
        stack.run("docker", "network", "connect", "--alias=mysql", network, container)


def starts(stack: Containers) -> list[Any]:
    """What would differ if a container had been restarted."""
    return sorted(
        (facts["Id"], facts["State"]["StartedAt"], facts["RestartCount"])
        for service in ("web", "nginx")
        for facts in stack.facts(service)
    )


def assert_nobody_waited(flow: Flow) -> None:
    assert max(answer.seconds for answer in flow.answers) < PATIENCE, flow.report


def assert_all_is_saved(stack: Containers, flow: Flow) -> None:
    """Each comment was acknowledged in the end, and is there once."""
    assert len(flow.acknowledged) == len(flow.comments), flow.report
    assert_nothing_lost(stack, flow)


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [(mysql_killed, 30), (mysql_paused, 20), (mysql_cut_off, 20)],
    ids=["killed", "paused", "cut off"],
)
def test_the_blog_is_read_without_its_database_and_goes_on_with_it(
    stack: Containers, trouble: Trouble, seconds: int
) -> None:
    before = starts(stack)

    with traffic(stack) as flow:
        began = time.monotonic()
        with trouble(stack):
            time.sleep(seconds)
            unseen = stack.ask("/archive?before=nobody-asked-for-this")
            alive = stack.ask("/healthz")
        back = time.monotonic()
        # What is asked after the time it has for recovering.
        time.sleep(RECOVERY + 2)

    assert_nobody_waited(flow)
    assert_told_what_is_away([answer for answer in flow.answers if answer.began < back + RECOVERY])
    assert len([answer for answer in flow.reads if answer.stale and began < answer.began < back]) > 1, flow.report
    assert (unseen.status, "retry-after" in unseen.headers, alive.status) == (503, True, 200)
    assert_works([answer for answer in flow.answers if answer.began > back + RECOVERY], flow)
    assert_all_is_saved(stack, flow)
    assert starts(stack) == before


def assert_told_what_is_away(answers: list[Answer]) -> None:
    """Whoever is not signed in goes on reading; the others are told when to come again, programs in their own form."""
    refused = [answer for answer in answers if answer.status not in {200, 201}]
    assert {(answer.method, answer.signed_in, answer.status) for answer in refused} == {
        ("GET", True, 503), ("POST", True, 503),
    }  # fmt: skip
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
    assert {answer.headers["content-type"].split(";")[0] for answer in refused if answer.path.startswith("/api/")} == {
        "application/problem+json"
    }


def assert_works(answers: list[Answer], flow: Flow) -> None:
    assert {(answer.method, answer.status) for answer in answers} == {("GET", 200), ("POST", 201)}, flow.report
    assert not any(answer.stale for answer in answers), flow.report


def test_every_acknowledged_comment_outlives_a_database_that_is_killed(stack: Containers) -> None:
    with traffic(stack, readers=2, writers=16, pause=0) as flow:
        wait_for(lambda: len(flow.acknowledged) >= ACKNOWLEDGED / 2, lambda: flow.report)
        with mysql_killed(stack):
            # Some were under way: their writers were told nothing good.
            wait_for(lambda: any(answer.status != 201 for answer in flow.writes), lambda: flow.report)
        wait_for(lambda: len(flow.acknowledged) >= ACKNOWLEDGED, lambda: flow.report)

    assert_nobody_waited(flow)
    assert_all_is_saved(stack, flow)


def test_one_replica_is_killed_and_no_reader_notices(stack: Containers) -> None:
    with traffic(stack, readers=12, writers=8, pause=0.03) as flow:
        stack.run("docker", "kill", "--signal=KILL", stack.containers("web")[0])
        time.sleep(RECOVERY)
        stack.start()

    assert len(stack.replicas()) == REPLICAS
    assert flow.failed_reads == [], flow.report
    assert {answer.status for answer in flow.writes} <= {201, 503}, flow.report
    assert_nobody_waited(flow)
    assert_all_is_saved(stack, flow)


def test_web_started_before_its_database_exists_waits_for_it(stack: Containers) -> None:
    stack.compose("rm", "--force", "--stop", "mysql")
    stack.compose("up", "--detach", "--no-deps", "--force-recreate", f"--scale=web={REPLICAS}", "web")
    wait_for(lambda: all(replica.serves("/healthz") for replica in stack.replicas()))
    before = starts(stack)
    ready = [replica.ask("/readyz").status for replica in stack.replicas()]

    stack.start()

    assert ready == [503] * REPLICAS
    wait_for(lambda: all(replica.serves("/readyz") for replica in stack.replicas()))
    assert starts(stack) == before
    wait_for(lambda: stack.serves("/readyz"))
