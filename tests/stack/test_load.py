"""docker compose run --rm load: readers, as many as are wanted"""

import json

import pytest

from tests.stack.containers import Containers
from tests.stack.test_replicas import publish

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

RUN = ("docker", "compose", "run", "--rm", "-T")
REACH = """
import socket
for host, port in [("nginx", 8080), ("web", 8000), ("mysql", 3306), ADDRESS]:
    try:
        socket.create_connection((host, port), timeout=2).close()
        print("reached")
    except OSError:
        print("out of reach")
"""


def test_readers_read_and_the_count_is_told(stack: Containers) -> None:
    publish(stack)

    # Locust's numbers as JSON, beside the table.
    done = stack.attempt(*RUN, "load", "locust", "--json", LOAD_USERS="10", LOAD_SECONDS="4")

    assert done.returncode == 0, done
    rows = {(row["method"], row["name"]): row for row in json.loads(done.stdout[done.stdout.index("[") :])}
    assert {("GET", "/"), ("GET", "/post/{slug}")} <= rows.keys()
    assert sum(row["num_requests"] for row in rows.values()) > 20
    assert sum(row["num_failures"] for row in rows.values()) == 0
    assert all(method == "GET" for method, _ in rows)


def test_some_comment_where_that_is_wanted(stack: Containers) -> None:
    publish(stack)
    account = {"LOAD_EMAIL": "admin@example.org", "LOAD_PASSWORD": stack.secret("admin_password")}

    done = stack.attempt(*RUN, "load", LOAD_USERS="12", LOAD_SECONDS="4", **account)

    assert done.returncode == 0, done
    assert "/api/posts/{id}/comments" in done.stdout + done.stderr


def test_whoever_may_not_comment_is_told_so_in_one_line(stack: Containers) -> None:
    done = stack.attempt(*RUN, "load", LOAD_EMAIL="nobody@example.org", LOAD_PASSWORD="wrong, all of it")

    assert done.returncode != 0
    assert "load: the blog can't be looked at: 422" in done.stderr


def test_the_load_generator_reaches_nginx_and_nobody_else(stack: Containers) -> None:
    program = REACH.replace("ADDRESS", repr((stack.where(stack.facts("web")[0]), 8000)))

    done = stack.attempt(*RUN, "load", "python", "-c", program)

    assert done.stdout.split("\n") == ["reached", "out of reach", "out of reach", "out of reach", ""], done
