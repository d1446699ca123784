"""k8s/components/alerts and service-monitor: what the Prometheus operator is told"""

import subprocess
from pathlib import Path

import pytest
import yaml

from inkstone.web.routes import ROUTES
from tests.k8s.manifests import K8S, Object, named, pods, ports, render, selected, selects
from tests.metrics.known import ALERTS
from tests.metrics.promtool import Series, promtool, try_alert

FOLDER = K8S / "components/alerts"
OURS = 'namespace="inkstone"'
BACKUP = f'{OURS}, cronjob="backup"'
# What kube-state-metrics and the kubelet tell where an alert fires, and where it doesn't; the clock begins in 1970.
CASES: dict[str, tuple[Series, Series]] = {
    "InkstoneAway": (
        {f'kube_deployment_status_replicas_available{{{OURS}, deployment="nginx"}}': "0x90"},
        {f'kube_deployment_status_replicas_available{{{OURS}, deployment="nginx"}}': "1x90"},
    ),
    "InkstoneReplicasMissing": (
        {f'kube_deployment_status_replicas_unavailable{{{OURS}, deployment="web"}}': "1x90"},
        {f'kube_deployment_status_replicas_unavailable{{{OURS}, deployment="web"}}': "0x70 1x20"},
    ),
    "InkstoneRestarts": (
        {f'kube_pod_container_status_restarts_total{{{OURS}, pod="web-1", container="web"}}': "0+1x90"},
        {f'kube_pod_container_status_restarts_total{{{OURS}, pod="web-1", container="web"}}': "7x90"},
    ),
    "InkstoneDiskFull": (
        {
            f"kubelet_volume_stats_available_bytes{{{OURS}}}": "9x90",
            f"kubelet_volume_stats_capacity_bytes{{{OURS}}}": "100x90",
        },
        {
            f"kubelet_volume_stats_available_bytes{{{OURS}}}": "11x90",
            f"kubelet_volume_stats_capacity_bytes{{{OURS}}}": "100x90",
        },
    ),
    "InkstoneBackupMissing": (
        {f"kube_cronjob_created{{{BACKUP}}}": "-172800x90"},
        {
            f"kube_cronjob_created{{{BACKUP}}}": "-172800x90",
            f"kube_cronjob_status_last_successful_time{{{BACKUP}}}": "0x90",
        },
    ),
}
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


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Those of Kubernetes, as Prometheus itself takes them."""
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": groups("inkstone-kubernetes")}))
    return file


def test_prometheus_takes_the_alerts_of_kubernetes(rules: Path) -> None:
    promtool("check", "rules", str(rules))

    found = groups("inkstone-kubernetes")[0]["rules"]
    assert CASES.keys() == {rule["alert"] for rule in found}
    assert {rule["labels"]["severity"] for rule in found} <= {"critical", "warning"}


@pytest.mark.parametrize("alert", CASES)
@pytest.mark.parametrize("fires", [True, False], ids=["fires", "silent"])
def test_an_alert_of_kubernetes_fires_when_it_should(rules: Path, alert: str, fires: bool) -> None:
    try_alert(rules, alert, CASES[alert][0 if fires else 1], fires=fires)


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
