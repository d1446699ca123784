"""Any replica answers any request, and replicas come and go"""

import itertools
import time

import pytest

from tests.native.stacks import Site, wait_for
from tests.stack.containers import REPLICAS, Containers

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

# Two seconds by nginx's configuration; the rest is a slow machine's.
SOON = 5.0

numbers = itertools.count(1)


def publish(site: Site, content: str = "First.") -> str:
    """A new post, written there; its address."""
    fields = {"name": f"Replicated {next(numbers)}", "content": content, "status": "published", "tags": []}
    reply = site.api("POST", "/api/posts", fields)
    assert reply.status == 201, reply
    return f"/post/{reply.json()['slug']}"


def who(site: Site) -> str:
    """Whom that replica takes us for."""
    reply = site.api("GET", "/api/me")
    assert reply.status == 200, reply
    return str(reply.json()["email"])


def test_each_request_goes_to_another_replica_and_stays_signed_in(stack: Containers) -> None:
    stack.sign_in()

    assert [who(replica) for replica in stack.replicas() * 2] == ["admin@example.org"] * 2 * REPLICAS


def test_replica_signs_in_for_the_others(stack: Containers) -> None:
    first, *others = stack.replicas()

    first.sign_in()

    for other in others:
        other.cookie = first.cookie
        assert who(other) == "admin@example.org"


def test_still_signed_in_after_all_are_restarted(stack: Containers) -> None:
    stack.sign_in()

    stack.compose("restart", "web")
    wait_for(lambda: stack.serves("/readyz"))

    wait_for(lambda: all(replica.serves("/readyz") for replica in stack.replicas()))
    assert {who(replica) for replica in stack.replicas()} == {"admin@example.org"}
    assert who(stack) == "admin@example.org"


def test_post_written_through_one_is_read_through_the_others_at_once(stack: Containers) -> None:
    stack.sign_in()
    replicas = stack.replicas()

    for writer in replicas:
        address = publish(writer, "Written *here*.")
        for reader in replicas:
            page = reader.ask(address)
            assert (page.status, b"Written <em>here</em>." in page.body) == (200, True)
            assert address.encode() in reader.ask("/").body


def test_nginx_uses_all_replicas(stack: Containers) -> None:
    stack.sign_in()
    replicas = stack.containers("web")
    before = [received(stack, container) for container in replicas]

    def all_are_asked() -> bool:
        for _ in range(20):
            assert stack.api("GET", "/api/me").status == 200
        after = [received(stack, container) for container in replicas]
        return all(new - old > 2000 for old, new in zip(before, after, strict=True))

    # One that was restarted by the test before is left alone for a while.
    wait_for(all_are_asked, deadline=SOON)


def test_nginx_follows_when_all_are_replaced(stack: Containers) -> None:
    stack.sign_in()
    old = stack.containers("web")
    stack.start(REPLICAS + 1)
    try:
        stack.run("docker", "rm", "--force", *old)
        began = time.monotonic()

        # Past the cache: nobody but the new one can answer.
        wait_for(lambda: stack.api("GET", "/api/me").status == 200, deadline=SOON)

        assert time.monotonic() - began < SOON
        assert len(stack.containers("web")) == 1
    finally:
        stack.start(REPLICAS)
    assert len(stack.replicas()) == REPLICAS


def received(stack: Containers, container: str) -> int:
    """How many bytes have come to a replica from its network so far."""
    lines = stack.run("docker", "exec", container, "cat", "/proc/net/dev").splitlines()
    return sum(int(line.split(":")[1].split()[0]) for line in lines if "eth" in line)
