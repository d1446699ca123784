"""k8s/components/alerts and service-monitor: what the Prometheus operator is told"""

import subprocess
from pathlib import Path

import yaml

from inkstone.web.routes import ROUTES
from tests.k8s.manifests import K8S, Object, named, pods, ports, render, selected, selects
from tests.metrics.known import ALERTS

FOLDER = K8S / "components/alerts"
PROMETHEUS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
}


def groups(name: str) -> list[Object]:
    found: list[Object] = named(render("local", "alerts"), "PrometheusRule")[name]["spec"]["groups"]
    return found


def test_the_operator_gets_the_alerts_that_every_prometheus_has() -> None:
    made = subprocess.run([K8S / "alerts.sh"], check=True, capture_output=True, text=True).stdout

    assert (FOLDER / "inkstone.yaml").read_text() == made, "k8s/alerts.sh >k8s/components/alerts/inkstone.yaml"
    assert groups("inkstone") == yaml.safe_load(ALERTS.read_text())["groups"]


def test_prometheus_takes_the_alerts_of_kubernetes(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": groups("inkstone-kubernetes")}))

    done = subprocess.run(["promtool", "check", "rules", file], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    for rule in groups("inkstone-kubernetes")[0]["rules"]:
        assert rule["labels"]["severity"] in {"critical", "warning"}


# Who is asked


def test_the_monitor_of_web_finds_every_replica_where_it_tells() -> None:
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


def test_the_monitor_of_nginx_finds_every_pod_where_it_tells() -> None:
    objects = render("local", "service-monitor")
    (monitor,) = named(objects, "PodMonitor").values()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    services = named(objects, "Service")["nginx"]["spec"]["ports"]

    assert selected(objects, monitor["spec"]["selector"]) == ["Deployment/nginx"]
    assert ports(pods(objects)["Deployment/nginx"])[endpoint["port"]] == 8081
    assert endpoint["port"] not in {port["targetPort"] for port in services}, "readers would get there"


def test_prometheus_gets_to_where_it_is_told_and_nowhere_else() -> None:
    without, objects = (render("local", "network-policies", *more) for more in ((), ("service-monitor",)))
    before, after = named(without, "NetworkPolicy"), named(objects, "NetworkPolicy")
    told = {"web": ports(pods(objects)["Deployment/web"])["http"]}
    told["nginx"] = ports(pods(objects)["Deployment/nginx"])["metrics"]

    assert {name: one for name, one in after.items() if name not in told} == {
        name: one for name, one in before.items() if name not in told
    }
    for name, port in told.items():
        old, new = before[name]["spec"], after[name]["spec"]
        assert new["egress"] == old["egress"]
        (added,) = [rule for rule in new["ingress"] if rule not in old["ingress"]]
        assert added == {"from": [PROMETHEUS], "ports": [{"port": port}]}
