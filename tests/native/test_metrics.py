"""make run: what its processes count, told by either of them"""

import re
import shlex
import subprocess

import pytest

from tests.native.stacks import ROOT, Stack, wait_for
from tests.scraping import Scrape

pytestmark = pytest.mark.xdist_group("native")

PAGE = {"route": "archive", "method": "read", "status": "200"}


def test_two_processes_answer_as_one(stack: Stack) -> None:
    stack.sign_in()
    before = told(stack)

    for _ in range(20):
        assert stack.ask("/archive", cookie=stack.cookie).status == 200  # past the cache

    grown = before.get("inkstone_requests_total", **PAGE) + 20
    wait_for(lambda: {told(stack).get("inkstone_requests_total", **PAGE) for _ in range(8)} == {grown})
    assert told(stack).get("inkstone_processes") == 2


def told(stack: Stack) -> Scrape:
    """As docs/observing.md says; each time by a connection that either of them takes."""
    (line,) = re.findall(r"^curl --unix-socket .*$", (ROOT / "docs/observing.md").read_text(), re.M)
    command = ["--silent" if word == "curl" else word for word in shlex.split(line.replace("var/", f"{stack.var}/"))]
    done = subprocess.run(["curl", *command], check=True, capture_output=True, text=True)
    return Scrape(done.stdout)
