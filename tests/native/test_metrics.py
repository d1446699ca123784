"""make run: what its processes and nginx count, and what a Prometheus beside them finds"""

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.native.stacks import ROOT, Site, Stack, free_port, wait_for
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


def test_nginx_passes_both_on_where_no_reader_is(stack: Stack) -> None:
    counted = Site("127.0.0.1", int(stack.settings["METRICS_PORT"]), "localhost")
    answers = {"cache": "bypass", "status": "200"}

    def bypassed() -> float:
        return Scrape(counted.ask("/metrics").body.decode()).get("inkstone_answers_total", **answers)

    stack.sign_in()
    wait_for(lambda: counted.serves("/metrics"))
    before = bypassed()
    for _ in range(20):
        assert stack.ask("/archive", cookie=stack.cookie).status == 200

    wait_for(lambda: bypassed() >= before + 20, bypassed)
    assert Scrape(counted.ask("/web/metrics").body.decode()).get("inkstone_requests_total", **PAGE) > 0
    assert counted.ask("/").status == 404
    assert counted.ask("/web-1/metrics").status == 404
    assert stack.ask("/metrics").status == 404


def test_prometheus_finds_each_group_of_a_host(new_stack: Callable[[str], Stack], tmp_path: Path) -> None:
    stack = new_stack("host")
    port = free_port()
    stack.settings |= {"WEB_GROUPS": "2", "METRICS_PORT": str(port)}
    stack.start()
    for name in ("bare-host.yml", "rules.yaml"):
        text = (ROOT / "observability/prometheus" / name).read_text()
        (tmp_path / name).write_text(text.replace(":8081", f":{port}").replace(": 15s", ": 1s"))

    with prometheus(tmp_path) as asked:
        wait_for(lambda: sorted(up(asked)) == [f"127.0.0.1:{port}", "web-1", "web-2"], lambda: up(asked))
        rules = asked.ask("/api/v1/rules").json()["data"]["groups"]

    assert {rule["name"] for group in rules for rule in group["rules"]} >= {"InkstoneNotSeen", "InkstoneReadersFail"}


@contextmanager
def prometheus(folder: Path) -> Iterator[Site]:
    """Debian's, with the configuration that lies there."""
    site = Site("127.0.0.1", free_port(), "localhost")
    options = {
        "config.file": "bare-host.yml",
        "storage.tsdb.path": "data",
        "web.listen-address": f"127.0.0.1:{site.port}",
    }
    command = ["prometheus", *(f"--{name}={value}" for name, value in options.items())]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            wait_for(lambda: site.serves("/-/ready"), (folder / "log").read_text)
            yield site
        finally:
            process.terminate()


def up(prometheus: Site) -> list[str]:
    """Who is asked, and answers."""
    targets = prometheus.ask("/api/v1/targets?state=active").json()["data"]["activeTargets"]
    return [target["labels"]["instance"] for target in targets if target["health"] == "up"]


def told(stack: Stack) -> Scrape:
    """As docs/observing.md says; each time by a connection that either of them takes."""
    (line,) = re.findall(r"^curl --unix-socket .*$", (ROOT / "docs/observing.md").read_text(), re.M)
    command = ["--silent" if word == "curl" else word for word in shlex.split(line.replace("var/", f"{stack.var}/"))]
    done = subprocess.run(["curl", *command], check=True, capture_output=True, text=True)
    return Scrape(done.stdout)
