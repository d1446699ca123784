"""docker compose --profile observability: Prometheus beside the blog, and what Grafana finds

The images of Prometheus and Grafana are stand-ins: the first is Debian's Prometheus, the second only somebody at
Grafana's place, who tells what can be read and reached from there.
"""

import os
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.metrics.dashboard import queries
from tests.metrics.known import ALERTS
from tests.native.stacks import ROOT, Site, free_port, wait_for
from tests.stack.containers import Containers
from tests.stack.test_replicas import publish

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

PROMETHEUS = """
RUN apt-get update -q && apt-get install -q -y --no-install-recommends prometheus
RUN install -d -o 65534 -g 65534 /prometheus
USER 65534
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
"""
GRAFANA = """
RUN apt-get update -q && apt-get install -q -y --no-install-recommends wget
RUN install -d -o 472 /var/lib/grafana && install -d /site/api && touch /site/api/health
USER 472
CMD ["python", "-m", "http.server", "--directory", "/site", "3000"]
"""
REACH = """
import socket, sys
for place in sys.argv[1:]:
    host, port = place.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
        print(place)
    except OSError:
        pass
"""
# What only another stack has: the database's replica.
ELSEWHERE = {"min(inkstone_replica_usable"}


class Observed:
    """The stack, and what its Prometheus says."""

    def __init__(self, stack: Containers, folder: Path) -> None:
        self.stack = stack
        self.prometheus = Site("127.0.0.1", free_port(), "localhost")
        base = os.environ.get("PYTHON_IMAGE", "python:3.14-slim-trixie")
        for name, rest in (("prometheus", PROMETHEUS), ("grafana", GRAFANA)):
            tag = f"{stack.project}-{name}"
            (folder / name).mkdir()
            (folder / name / "Dockerfile").write_text(f"FROM {base}\n{rest}")
            stack.run("docker", "build", "--quiet", "--tag", tag, str(folder / name))
            stack.environment[f"{name.upper()}_IMAGE"] = tag
        stack.environment |= {"PROMETHEUS_PORT": str(self.prometheus.port), "GRAFANA_PORT": str(free_port())}

    def start(self, replicas: int) -> None:
        profile = ("--profile", "observability")
        self.stack.compose(*profile, "up", "--detach", "--wait", "--pull=never", f"--scale=web={replicas}")

    def end(self) -> None:
        self.stack.compose(
            "--profile", "observability", "rm", "--force", "--stop", "--volumes", "prometheus", "grafana"
        )
        self.stack.start()

    def get(self, path: str, **arguments: str) -> Any:
        answer = self.prometheus.ask(f"/api/v1/{path}?{urllib.parse.urlencode(arguments)}").json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[float]:
        return [float(one["value"][1]) for one in self.get("query", query=expression)["result"]]

    def up(self, job: str) -> list[str]:
        """Who is asked, and answers."""
        targets = self.get("targets", state="active")["activeTargets"]
        found = [one["labels"] for one in targets if one["labels"]["job"] == job and one["health"] == "up"]
        return sorted(label["instance"] for label in found)


@pytest.fixture(scope="module")
def observed(stack: Containers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """Two replicas, with Prometheus and Grafana."""
    observed = Observed(stack, tmp_path_factory.mktemp("images"))
    try:
        observed.start(2)
        yield observed
    finally:
        observed.end()


def test_whoever_does_not_ask_for_them_does_not_get_them(stack: Containers) -> None:
    assert {"prometheus", "grafana"} & set(stack.compose("config", "--services").split()) == set()


def test_every_replica_is_asked_and_one_that_comes_is_found(observed: Observed) -> None:
    wait_for(lambda: len(observed.up("web")) == 2 and len(observed.up("nginx")) == 1, lambda: observed.get("targets"))

    observed.start(3)

    wait_for(lambda: len(observed.up("web")) == 3, lambda: observed.get("targets"))
    addresses = [f"{observed.stack.where(facts)}:8000" for facts in observed.stack.facts("web")]
    assert observed.up("web") == sorted(addresses)


def test_what_comes_from_the_cache_is_counted(observed: Observed) -> None:
    stack = observed.stack
    page = publish(stack)
    hits = 'sum(inkstone_answers_total{cache=~"hit|updating", status="200"})'
    wait_for(lambda: observed.query(hits))
    before = observed.query(hits)[0]

    answers = [stack.ask(page) for _ in range(200)]

    from_cache = sum(answer.headers["x-cache"] in {"HIT", "UPDATING"} for answer in answers)
    assert from_cache > 100
    wait_for(lambda: observed.query(hits)[0] >= before + from_cache, lambda: observed.query(hits))


def test_every_query_of_the_dashboard_finds_something(observed: Observed) -> None:
    stack = observed.stack
    publish(stack)
    expected = {(title, query) for title, query in queries() if not any(part in query for part in ELSEWHERE)}

    def missing() -> set[tuple[str, str]]:
        # Somebody reads, writes and signs in all the while: rates are of the last minute.
        publish(stack)
        stack.ask("/archive")
        stack.ask("/no/such/page")
        stack.send("POST", "/api/authenticate", {"email": "nobody@example.org", "password": "wrong, all of it"})
        return {one for one in expected if not observed.query(one[1])}

    assert expected
    wait_for(lambda: not missing(), missing, deadline=120)


def test_every_alert_is_looked_at(observed: Observed) -> None:
    names = {rule["alert"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]}

    def looked_at() -> dict[str, str]:
        (group,) = observed.get("rules")["groups"]
        return {rule["name"]: rule["health"] + rule.get("lastError", "") for rule in group["rules"]}

    wait_for(lambda: looked_at() == dict.fromkeys(names, "ok"), looked_at)


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_they_may_do_no_more_than_they_need(observed: Observed, service: str) -> None:
    (facts,) = observed.stack.facts(service)
    host = facts["HostConfig"]
    written = observed.stack.inside(service, "sh", "-c", "touch /x /etc/x /usr/x; ls /x /etc/x /usr/x", check=False)

    assert (host["ReadonlyRootfs"], host["CapDrop"], host["CapAdd"]) == (True, ["ALL"], None)
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert host["Memory"] > 0
    assert host["LogConfig"]["Config"]["max-size"]
    assert facts["State"]["Health"]["Status"] == "healthy"
    assert {one["HostIp"] for ports in host["PortBindings"].values() for one in ports} == {"127.0.0.1"}
    assert observed.stack.inside(service, "id", "-u").strip() != "0"
    assert written == ""


def test_grafana_reaches_prometheus_and_nobody_else_and_has_a_password_of_its_own(observed: Observed) -> None:
    stack = observed.stack
    web = stack.where(stack.facts("web")[0])
    places = ["prometheus:9090", "web:8000", f"{web}:8000", "nginx:8080", "mysql:3306"]

    reached = stack.inside("grafana", "python", "-c", REACH, *places).split()
    password = stack.compose("exec", "-T", "grafana", "cat", "/run/inkstone/grafana/admin_password").strip()

    assert reached == ["prometheus:9090"]
    assert len(password) >= 16
    assert password != stack.secret("admin_password")
    told = stack.facts("grafana")[0]["Config"]["Env"]
    assert "GF_SECURITY_ADMIN_PASSWORD__FILE=/run/inkstone/grafana/admin_password" in told


def test_grafana_can_read_what_it_is_told(observed: Observed) -> None:
    for folder in ("provisioning", "dashboards"):
        for file in (ROOT / "observability/grafana" / folder).rglob("*.*"):
            place = f"/etc/grafana/{file.relative_to(ROOT / 'observability/grafana')}"
            assert observed.stack.inside("grafana", "cat", place) == file.read_text()


def test_readers_do_not_get_to_the_numbers(observed: Observed) -> None:
    published = observed.stack.facts("nginx")[0]["HostConfig"]["PortBindings"]

    assert "8081/tcp" not in published
    assert observed.stack.ask("/metrics").status == 404
