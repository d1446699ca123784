"""k8s/ beside the images, the application and compose: names, settings, times and numbers"""

import re
import runpy
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from inkstone.__main__ import main
from inkstone.config import PREFIX, Settings
from inkstone.web.routes import ROUTES
from tests.k8s.manifests import (
    COMBINATIONS,
    K8S,
    ROOT,
    Object,
    containers,
    every_combination,
    every_largest,
    named,
    pods,
    ports,
    render,
)

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_images_and_tags_are_those_of_compose() -> None:
    built = {
        re.sub(r"\$\{IMAGE_TAG:-(.*)\}", r"\1", service["image"])
        for service in COMPOSE["services"].values()
        if "build" in service
    }
    everything = [*pods(render("local")).values(), *pods(render("load")).values()]
    used = {one["image"] for pod in everything for one in containers(pod)}

    assert used == built
    for one in (one for names in COMBINATIONS for pod in pods(render(*names)).values() for one in containers(pod)):
        assert one["imagePullPolicy"] == "IfNotPresent"
        assert re.fullmatch(r"(registry\.example\.org/)?inkstone-(web|nginx|mysql|load):[\w.]+", one["image"])


def test_the_release_of_the_production_overlay_is_this_one() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "services/web/pyproject.toml").read_text(), re.M)
    assert version
    found = [one["image"] for pod in pods(render("production")).values() for one in containers(pod)]

    assert {image.rpartition(":")[2] for image in found} == {version[1]}


@pytest.mark.parametrize("name", ["web", "nginx"])
def test_a_port_is_one_that_the_image_listens_on(name: str) -> None:
    exposed = re.search(r"^EXPOSE (.*)", (ROOT / f"services/{name}/Dockerfile").read_text(), re.M)
    assert exposed

    listened = ports(pods(render("local"))[f"Deployment/{name}"]).values()
    assert set(map(str, listened)) <= set(exposed[1].split())


def probes(pod: Object) -> Iterator[Object]:
    for one in containers(pod):
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            if kind in one:
                yield one[kind]


@every_combination
def test_probes_hit_real_paths_and_ports(combination: tuple[str, ...]) -> None:
    known = {"web": {route.path for route in ROUTES if route.method == "GET"}}
    answered = r"^  location = (\S+) \{\n    access_log off;\n    return 204;"
    known["nginx"] = set(re.findall(answered, nginx_site(), re.M))
    for name, pod in pods(render(*combination)).items():
        for probe in probes(pod):
            action = probe.get("httpGet") or probe.get("tcpSocket") or {}
            assert action.get("port") in {None, *ports(pod)}, name
            assert action.get("path") in {None, *known.get(name.partition("/")[2], [])}, name
            # The default of one second kills what is merely busy.
            assert probe["timeoutSeconds"] == 5


def test_every_server_is_probed() -> None:
    for name, pod in pods(render("local")).items():
        assert {"livenessProbe", "readinessProbe"} <= pod["spec"]["containers"][0].keys(), name


def nginx_site() -> str:
    return (ROOT / "services/nginx/site.conf.template").read_text()


def test_only_readiness_asks_the_database() -> None:
    (web,) = pods(render("local"))["Deployment/web"]["spec"]["containers"]

    paths = {kind: web[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}

    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_every_container_says_what_it_needs_and_may_have() -> None:
    for names in COMBINATIONS:
        for name, pod in pods(render(*names)).items():
            for one in containers(pod):
                assert one["resources"].keys() == {"requests", "limits"}, name
                assert one["resources"]["requests"].keys() == one["resources"]["limits"].keys() == {"cpu", "memory"}, (
                    name
                )
                for what in ("cpu", "memory"):
                    wanted, most = (quantity(one["resources"][kind][what]) for kind in ("requests", "limits"))
                    assert 0 < wanted <= most, name
            assert all("sizeLimit" in one["emptyDir"] for one in pod["spec"]["volumes"] if "emptyDir" in one), name


def quantity(value: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(m|Mi|Gi)?", value).groups()  # type: ignore[union-attr]  # else it fails, as it shall
    return int(number) * {None: 1, "m": 0.001, "Mi": 2**20, "Gi": 2**30}[unit]


def test_memory_limits_are_those_of_compose() -> None:
    for name, limit in (("web", "384m"), ("nginx", "256m"), ("mysql", "1g")):
        compose = COMPOSE["services"][name].get("mem_limit") or COMPOSE["x-web"]["mem_limit"]
        kind = "StatefulSet" if name == "mysql" else "Deployment"
        (one,) = pods(render("local"))[f"{kind}/{name}"]["spec"]["containers"]

        assert compose == limit
        assert one["resources"]["limits"]["memory"] == limit.replace("m", "Mi").replace("g", "Gi")


def environment(objects: list[Object], container: Object) -> dict[str, str]:
    maps = [named(objects, "ConfigMap")[one["configMapRef"]["name"]]["data"] for one in container.get("envFrom", [])]
    return {key: value for data in maps for key, value in data.items()} | {
        one["name"]: one["value"] for one in container.get("env", [])
    }


@every_largest
def test_the_application_takes_every_setting(combination: tuple[str, ...], tmp_path: Path) -> None:
    known = {PREFIX + setting.name.upper() for setting in fields(Settings)}
    secret = {
        "database_url": "mysql://u:p@mysql/inkstone",
        "read_database_url": "mysql://u:p@replica/inkstone",
        "secret_keys": "k" * 48,
        "admin_password": "p" * 12,
    }
    objects = render(*combination)
    asked = 0
    for pod in pods(objects).values():
        for one in containers(pod):
            found = {key: value for key, value in environment(objects, one).items() if key.startswith(PREFIX)}
            if not found:
                continue
            asked += 1
            assert {key.removesuffix("_FILE") for key in found} - known <= {"INKSTONE_WORKERS"}
            for key, value in found.items():
                if key.endswith("_FILE"):
                    file = tmp_path / Path(value).name
                    file.write_text(secret[file.name])
                    found[key] = str(file)
            Settings.from_environment(found)
    assert asked >= 3


def test_logs_are_for_programs_here_and_in_compose() -> None:
    web = pods(render("local"))["Deployment/web"]
    image = (ROOT / "services/nginx/Dockerfile").read_text()

    for one in containers(web):
        assert environment(render("local"), one)["INKSTONE_LOG_FORMAT"] == "json"
    assert re.findall(r"NGINX_LOG_FORMAT=(\w+)", image) == ["json"]
    chosen = [
        COMPOSE["services"][service]["environment"][name]
        for service, name in (
            ("web", "INKSTONE_LOG_FORMAT"),
            ("migrate", "INKSTONE_LOG_FORMAT"),
            ("nginx", "NGINX_LOG_FORMAT"),
        )
    ]
    assert chosen == ["${INKSTONE_LOG_FORMAT:-json}"] * 3


def test_every_command_of_the_application_exists() -> None:
    asked = {
        command
        for names in COMBINATIONS
        for pod in pods(render(*names)).values()
        for one in containers(pod)
        for command in re.findall(r"\binkstone (\w+)", " ".join([*one.get("command", []), *one.get("args", [])]))
    }

    assert asked == {"migrate", "backup"}
    assert asked <= main.commands.keys()


def test_only_the_migration_gets_its_secrets() -> None:
    for names in COMBINATIONS:
        for pod in pods(render(*names)).values():
            secrets = {one["name"]: one["secret"]["secretName"] for one in pod["spec"]["volumes"] if "secret" in one}
            for one in containers(pod):
                has = {secrets[mount["name"]] for mount in one["volumeMounts"] if mount["name"] in secrets}
                assert has <= {
                    "migrate": {"inkstone-job"},
                    "web": {"inkstone-web"},
                    "mysql": {"inkstone-mysql"},
                    "backup": {"inkstone-web"},
                    "send": {"inkstone-backup"},
                }.get(one["name"], set())


# What has to fit together in time and in number


def test_a_pod_has_the_time_to_end() -> None:
    gunicorn = runpy.run_path(str(ROOT / "services/web/gunicorn.conf.py"))
    nginx = re.search(r"^proxy_read_timeout (\d+)s;", (ROOT / "services/nginx/limits.conf").read_text(), re.M)
    assert nginx
    for name, needed in (("web", gunicorn["graceful_timeout"]), ("nginx", int(nginx[1]))):
        spec = pods(render("local"))[f"Deployment/{name}"]["spec"]
        waits = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]

        assert spec["terminationGracePeriodSeconds"] > waits + needed
        assert waits >= 10


def test_a_replica_serves_on_until_nginx_has_forgotten_it() -> None:
    template = (ROOT / "services/nginx/upstream.container.conf.template").read_text()
    asked = re.search(r"^resolver .* valid=(\d+)s", template, re.M)
    assert asked
    told, kept_by_dns = 1, 30
    (web,) = pods(render("local"))["Deployment/web"]["spec"]["containers"]

    assert web["lifecycle"]["preStop"]["sleep"]["seconds"] > told + kept_by_dns + int(asked[1])


def test_nginx_asks_whoever_is_there_when_nobody_is_ready() -> None:
    objects = render("local")
    (nginx,) = pods(objects)["Deployment/nginx"]["spec"]["containers"]
    name, _, port = environment(objects, nginx)["NGINX_WEB_BACKUP"].partition(":")
    services = {key: one["spec"] for key, one in named(objects, "Service").items()}

    assert services[name] == services["web"] | {"publishNotReadyAddresses": True}
    assert services["web"]["clusterIP"] == "None"
    assert "publishNotReadyAddresses" not in services["web"]
    assert [str(one["port"]) for one in services[name]["ports"]] == [port]


def test_the_old_stay_until_the_new_are_known() -> None:
    for name, one in named(render("production"), "Deployment").items():
        assert one["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, name
        assert one["spec"]["minReadySeconds"] >= 5, name


def test_mysql_takes_the_connections_of_all_replicas() -> None:
    most = re.search(r"^max_connections = (\d+)", (ROOT / "services/mysql/inkstone.cnf").read_text(), re.M)
    assert most
    (scaling,) = named(render("local", "autoscaling"), "HorizontalPodAutoscaler").values()
    (settings,) = (one["data"] for name, one in named(render("local"), "ConfigMap").items() if "settings" in name)
    replicas = scaling["spec"]["maxReplicas"] + 1 + 3  # one that a rollout adds, three that are leaving

    assert replicas * int(settings["INKSTONE_WORKERS"]) * int(settings["INKSTONE_DATABASE_POOL_SIZE"]) < int(most[1])


def test_there_are_three_replicas_in_production() -> None:
    objects = render("production")

    assert named(objects, "HorizontalPodAutoscaler")["web"]["spec"]["minReplicas"] >= 3
    assert named(objects, "Deployment")["nginx"]["spec"]["replicas"] >= 2
    assert named(objects, "StatefulSet") == {}
    assert {one["spec"]["replicas"] for one in named(render("local"), "Deployment").values()} == {1}


# Documents


def test_the_document_names_what_is_there() -> None:
    document = (ROOT / "docs/kubernetes.md").read_text()
    objects = (one for names in COMBINATIONS for one in render(*names))
    known = {(one["kind"].lower(), one["metadata"]["name"]) for one in objects}

    for path in re.findall(r"(?<![\w/])k8s/[\w./-]*\w", document):
        assert (ROOT / path).exists(), path
    components = {path.parent.name for path in K8S.glob("components/*/kustomization.yaml")}
    assert components <= set(re.findall(r"`([\w-]+)`", document))
    for kind, name in re.findall(r"\b(deployment|statefulset|service|job|cronjob)/([a-z-]+)", document):
        assert (kind, name) in known
