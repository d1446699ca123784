"""k8s/prepare.sh: everything that is secret, made once and kept"""

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.k8s.api_server import Object, api_server
from tests.k8s.manifests import K8S, containers, render

SECRETS = "/api/v1/namespaces/inkstone/secrets"
ELSEWHERE = {
    "DATABASE_URL": "mysql://web:p@db.example.org:3306/blog",
    "MIGRATE_DATABASE_URL": "mysql://boss:q@db.example.org:3306/blog",
}


def node(name: str, *taints: str, **labels: str) -> Object:
    spec = {"taints": [{"key": "some/reason", "effect": taint} for taint in taints]} if taints else {}
    return {"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "labels": labels}, "spec": spec}


class Cluster:
    """What k8s/prepare.sh finds, and what it left."""

    def __init__(self, address: str, home: Path, objects: dict[str, Object]) -> None:
        self.objects = objects
        config = home / "config"
        config.write_text(
            "{apiVersion: v1, kind: Config, current-context: here, contexts: [{name: here, context: {cluster: here}}],"
            f" clusters: [{{name: here, cluster: {{server: '{address}'}}}}]}}"
        )
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": str(config)}

    def prepare(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        command = [str(K8S / "prepare.sh"), *arguments]
        return subprocess.run(
            command, env=self.environment | environment, check=False, capture_output=True, text=True, timeout=120
        )

    def secrets(self) -> dict[str, dict[str, str]]:
        return {
            path.removeprefix(f"{SECRETS}/"): {
                key: base64.b64decode(value).decode() for key, value in found["data"].items()
            }
            for path, found in self.objects.items()
            if path.startswith(SECRETS)
        }


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    objects = {"/api/v1/nodes/first": node("first", "NoSchedule"), "/api/v1/nodes/second": node("second")}
    with api_server(objects) as address:
        yield Cluster(address, tmp_path, objects)


def test_it_makes_what_the_local_overlay_needs(cluster: Cluster) -> None:
    done = cluster.prepare("local")

    assert (done.returncode, done.stderr) == (0, "")
    made = cluster.secrets()
    web, migrate = made["inkstone-mysql"]["web_password"], made["inkstone-mysql"]["migrate_password"]
    assert made["inkstone-web"]["database_url"] == f"mysql://inkstone_web:{web}@mysql:3306/inkstone"
    assert made["inkstone-job"]["database_url"] == f"mysql://inkstone_migrate:{migrate}@mysql:3306/inkstone"
    assert made["inkstone-web"]["secret_keys"] == made["inkstone-job"]["secret_keys"]
    values = [value for secret in made.values() for value in secret.values()]
    assert len(set(values)) == len(values) - 1
    assert min(map(len, values)) >= 16
    assert [value for value in values if value in done.stdout] == []


def test_every_key_that_a_pod_reads_is_made(cluster: Cluster) -> None:
    cluster.prepare("local")

    made = cluster.secrets()
    for pod in (one for one in render("local") if one["kind"] in {"Deployment", "StatefulSet"}):
        spec = pod["spec"]["template"]["spec"]
        folders = {volume["name"]: volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
        for one in containers(pod["spec"]["template"]):
            places = {mount["mountPath"]: folders.get(mount["name"]) for mount in one["volumeMounts"]}
            files = [Path(value["value"]) for value in one.get("env", []) if value["name"].endswith("_FILE")]
            assert [file for file in files if file.name not in made[str(places[str(file.parent)])]] == []


def test_what_is_there_is_kept(cluster: Cluster) -> None:
    cluster.prepare("local")
    before = cluster.secrets()

    done = cluster.prepare("local", INKSTONE_ADMIN_PASSWORD="a wish that comes too late")

    assert done.returncode == 0
    assert cluster.secrets() == before


def test_one_secret_that_was_lost_is_made_to_suit_the_others(cluster: Cluster) -> None:
    cluster.prepare("local")
    before = cluster.secrets()
    del cluster.objects[f"{SECRETS}/inkstone-job"]

    cluster.prepare("local")

    after = cluster.secrets()
    assert after["inkstone-job"].pop("admin_password") != before["inkstone-job"].pop("admin_password")
    assert after == before


def test_the_database_stays_on_the_node_that_takes_pods(cluster: Cluster) -> None:
    cluster.prepare("local")
    cluster.objects["/api/v1/nodes/first"] = node("first")
    cluster.prepare("local")

    labels = [cluster.objects[f"/api/v1/nodes/{name}"]["metadata"].get("labels") for name in ("first", "second")]
    assert labels == [{}, {"inkstone/mysql": "here"}]


def test_a_node_that_takes_no_pods_is_told_of(cluster: Cluster) -> None:
    del cluster.objects["/api/v1/nodes/second"]

    done = cluster.prepare("local")

    assert done.returncode == 1
    assert done.stderr.startswith("inkstone: every node has a taint that keeps pods away")
    assert done.stderr.count("\n") == 1


def test_a_database_elsewhere(cluster: Cluster) -> None:
    replica = "mysql://web:p@replica.example.org/blog"

    done = cluster.prepare("production", READ_DATABASE_URL=replica, **ELSEWHERE)
    again = cluster.prepare("production")

    assert (done.returncode, again.returncode) == (0, 0)
    made = cluster.secrets()
    assert sorted(made) == ["inkstone-job", "inkstone-web"]
    assert made["inkstone-web"]["database_url"] == ELSEWHERE["DATABASE_URL"]
    assert made["inkstone-job"]["database_url"] == ELSEWHERE["MIGRATE_DATABASE_URL"]
    assert made["inkstone-web"]["read_database_url"] == replica


def test_a_wished_password_and_a_store_for_backups(cluster: Cluster) -> None:
    store = {"ENDPOINT": "https://s3.example.org", "BUCKET": "b", "REGION": "r", "ACCESS_KEY": "a", "SECRET_KEY": "s"}

    done = cluster.prepare(
        "local", INKSTONE_ADMIN_PASSWORD="ten letters", **{f"BACKUP_{name}": value for name, value in store.items()}
    )

    assert done.returncode == 0
    assert cluster.secrets()["inkstone-job"]["admin_password"] == "ten letters"
    assert cluster.secrets()["inkstone-backup"] == {name.lower(): value for name, value in store.items()}


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ([], {}, "say which: k8s/prepare.sh local, or k8s/prepare.sh production"),
        (["local"], {"INKSTONE_ADMIN_PASSWORD": "short"}, "INKSTONE_ADMIN_PASSWORD makes no sense"),
        (["production"], {}, "DATABASE_URL is not set"),
        (["production"], {"DATABASE_URL": ELSEWHERE["DATABASE_URL"]}, "MIGRATE_DATABASE_URL is not set"),
        (["production"], ELSEWHERE | {"DATABASE_URL": "db.example.org"}, "DATABASE_URL makes no sense"),
        (["production"], ELSEWHERE | {"READ_DATABASE_URL": "x"}, "READ_DATABASE_URL makes no sense"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    cluster: Cluster, arguments: list[str], environment: dict[str, str], message: str
) -> None:
    done = cluster.prepare(*arguments, **environment)

    assert done.returncode == 1
    assert done.stderr.startswith(f"inkstone: {message}")
    assert done.stderr.count("\n") == 1
    assert cluster.secrets() == {}


def test_half_a_store_is_refused(cluster: Cluster) -> None:
    done = cluster.prepare("local", BACKUP_BUCKET="b")

    assert done.returncode == 1
    assert done.stderr == "inkstone: BACKUP_ENDPOINT is not set, and other settings of the store are.\n"
    assert "inkstone-backup" not in cluster.secrets()
