"""k8s/components/alerts and service-monitor: what Prometheus makes of them"""

import re
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from inkstone.metrics.catalogue import Metrics
from inkstone.metrics.families import Counter, Histogram
from inkstone.web.routes import ROUTES
from tests.k8s.manifests import K8S, ROOT, Object, named, pods, ports, render, selected, selects

RULES = K8S / "components/alerts/alerts.yaml"
WEB = 'namespace="inkstone", instance="web-1"'
READS = f'{WEB}, route="home", method="read"'
REQUESTS = f"inkstone_requests_total{{{READS}, status="
SLOW = f"inkstone_request_duration_seconds_bucket{{{READS}, le="
LIVES = {f"inkstone_processes{{{WEB}}}": "1x90"}
MOST_FILES = {f"process_max_fds{{{WEB}}}": "1000x90"}
SIGN_INS = f"inkstone_sign_ins_total{{{WEB}, outcome="

# Series a minute apart, as promtool writes them, by which an alert fires, and others by which it does not.
CASES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "InkstoneNotSeen": ({}, LIVES),
    "InkstoneErrors": (
        {REQUESTS + '"200"}': "0+90x90", REQUESTS + '"503"}': "0+10x90"},
        {REQUESTS + '"200"}': "0+97x90", REQUESTS + '"500"}': "0+3x90", REQUESTS + '"502"}': "0+50x90"},
    ),
    "InkstoneSlow": (
        {SLOW + '"0.5"}': "0+90x90", SLOW + '"1.0"}': "0+100x90", SLOW + '"+Inf"}': "0+100x90"},
        {SLOW + '"0.5"}': "0+96x90", SLOW + '"1.0"}': "0+100x90", SLOW + '"+Inf"}': "0+100x90"},
    ),
    "InkstoneDatabaseAway": (
        {f'inkstone_database_reachable{{{WEB}, database="primary"}}': "1 0x90"},
        {
            f'inkstone_database_reachable{{{WEB}, database="primary"}}': "0x90",
            'inkstone_database_reachable{namespace="inkstone", instance="web-2", database="primary"}': "1x90",
        },
    ),
    "InkstonePoolExhausted": (
        {f'inkstone_pool_refusals_total{{{WEB}, database="primary"}}': "0+1x90"},
        {f'inkstone_pool_refusals_total{{{WEB}, database="primary"}}': "7x90"},
    ),
    "InkstoneReadReplicaAside": (
        {f"inkstone_replica_usable{{{WEB}}}": "0x90"},
        {f"inkstone_replica_usable{{{WEB}}}": "1x90"},
    ),
    "InkstoneGuessing": (
        {SIGN_INS + '"refused"}': "0+20x90", SIGN_INS + '"slowed"}': "0+20x90"},
        {SIGN_INS + '"refused"}': "0+20x90", SIGN_INS + '"accepted"}': "0+200x90"},
    ),
    "InkstoneWorkersDie": (
        LIVES | {f"process_start_time_seconds{{{WEB}}}": "1+1x90"},
        LIVES | {'process_start_time_seconds{namespace="inkstone", instance="no-blog"}': "1+1x90"},
    ),
    "InkstoneFilesShort": (
        LIVES | MOST_FILES | {f"process_open_fds{{{WEB}}}": "900x90"},
        LIVES | MOST_FILES | {f"process_open_fds{{{WEB}}}": "700x90"},
    ),
}


def groups() -> dict[str, list[Object]]:
    (rules,) = named(render("local", "alerts"), "PrometheusRule").values()
    return {group["name"]: group["rules"] for group in rules["spec"]["groups"]}


@pytest.fixture(scope="module")
def rule_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules for a Prometheus without an operator, made as docs/observing.md says."""
    (command,) = re.findall(r"^    (sed .*alerts\.yaml) > rules\.yaml$", (ROOT / "docs/observing.md").read_text(), re.M)
    file = tmp_path_factory.mktemp("prometheus") / "rules.yaml"
    file.write_text(subprocess.run(["sh", "-c", command], check=True, cwd=ROOT, capture_output=True, text=True).stdout)
    return file


def test_prometheus_takes_the_rules(rule_file: Path) -> None:
    promtool("check", "rules", str(rule_file))

    assert {one["name"]: one["rules"] for one in yaml.safe_load(rule_file.read_text())["groups"]} == groups()


def test_prometheus_takes_the_configuration_of_the_document(rule_file: Path) -> None:
    (block,) = re.findall(r"^    # prometheus\.yml\n((?:    .*\n)+)", (ROOT / "docs/observing.md").read_text(), re.M)
    file = rule_file.with_name("prometheus.yml")
    file.write_text(textwrap.dedent(block))

    promtool("check", "config", str(file))


def test_every_alert_of_our_own_metrics_is_tried() -> None:
    assert CASES.keys() == {rule["alert"] for rule in groups()["inkstone"]}


@pytest.mark.parametrize("alert", CASES)
@pytest.mark.parametrize("fires", [True, False], ids=["fires", "silent"])
def test_an_alert_fires_when_it_should(rule_file: Path, alert: str, fires: bool) -> None:
    series = CASES[alert][0 if fires else 1]
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if fires else []
    question = f'count by (alertname) (ALERTS{{alertname="{alert}", alertstate="firing"}})'
    test: dict[str, Any] = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": question, "eval_time": "80m", "exp_samples": expected}],
    }
    file = rule_file.with_name(f"{alert}-{fires}.yaml")
    file.write_text(yaml.safe_dump({"rule_files": [rule_file.name], "evaluation_interval": "1m", "tests": [test]}))

    promtool("test", "rules", str(file))


def promtool(*arguments: str) -> None:
    done = subprocess.run(["promtool", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_ask_for_what_is_counted() -> None:
    known = {}
    for family in Metrics().families:
        ends = {Counter: ["_total"], Histogram: ["_bucket", "_count", "_sum"]}.get(type(family), [""])
        known |= {family.name + end: {*family.labels, "le"} for end in ends}

    for rule in groups()["inkstone"]:
        asked = re.findall(r"\b((?:inkstone|process)_\w+)(?:\{(.*?)\})?", rule["expr"])
        assert asked, rule["alert"]
        for name, conditions in asked:
            assert set(re.findall(r"(\w+)[!=]", conditions)) <= known[name], rule["alert"]


def test_what_an_alert_tells_to_look_at_exists() -> None:
    names = {family.name for family in Metrics().families} | {f"{one.name}_total" for one in Metrics().families}
    for rules in groups().values():
        for rule in rules:
            assert rule["labels"]["severity"] in {"critical", "warning"}
            words = " ".join(rule["annotations"].values())
            assert set(re.findall(r"\b(?:inkstone|process)_\w+", words)) <= names, rule["alert"]


# Who is asked


def test_the_monitor_finds_every_replica_where_it_tells() -> None:
    objects = render("local", "service-monitor")
    (monitor,) = named(objects, "ServiceMonitor").values()
    services = [
        one
        for one in named(objects, "Service").values()
        if selects(monitor["spec"]["selector"], one["metadata"]["labels"])
    ]
    (endpoint,) = monitor["spec"]["endpoints"]

    assert [one["metadata"]["name"] for one in services] == ["web"]
    assert endpoint["port"] in {port["name"] for port in services[0]["spec"]["ports"]}
    assert selected(objects, {"matchLabels": services[0]["spec"]["selector"]}) == ["Deployment/web"]
    assert endpoint["path"] in {route.path for route in ROUTES if route.method == "GET"}


def test_prometheus_gets_to_web_and_nowhere_else() -> None:
    without, objects = (render("local", "network-policies", *more) for more in ((), ("service-monitor",)))
    before, after = named(without, "NetworkPolicy"), named(objects, "NetworkPolicy")
    (added,) = [rule for rule in after["web"]["spec"]["ingress"] if rule not in before["web"]["spec"]["ingress"]]

    assert {name: one for name, one in after.items() if name != "web"} == {
        name: one for name, one in before.items() if name != "web"
    }
    assert after["web"]["spec"]["egress"] == before["web"]["spec"]["egress"]
    assert [port["port"] for port in added["ports"]] == [ports(pods(objects)["Deployment/web"])["http"]]
    (peer,) = added["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "monitoring"}
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
