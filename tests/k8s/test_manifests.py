"""k8s/: what is wrong with a manifest whatever cluster it is applied to"""

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from inkstone.__main__ import main
from inkstone.config import PREFIX, Settings
from inkstone.web.routes import ROUTES
from tests.k8s.manifests import K8S, ROOT, Object, combinations, containers, named, pods, render, text

COMBINATIONS = list(combinations())
LARGEST = [combination for combination in COMBINATIONS if len(combination) > 3]
NEWEST = kubernetes_validate.all_versions()[-3:]
# Of others than Kubernetes itself, which no release of it describes.
CUSTOM = {"Gateway", "HTTPRoute", "PrometheusRule"}
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CHECKOV = Path(sys.prefix) / "policy" / "bin" / "checkov"

every_combination = pytest.mark.parametrize("combination", COMBINATIONS, ids="+".join)
every_largest = pytest.mark.parametrize("combination", LARGEST, ids="+".join)


def different() -> list[Object]:
    """Every object that any combination has, once."""
    found = {json.dumps(one, sort_keys=True): one for names in COMBINATIONS for one in render(*names)}
    return list(found.values())


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """What Kubernetes does with a selector."""
    expressions = selector.get("matchExpressions", [])
    assert {one["operator"] for one in expressions} <= {"In"}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        labels.get(one["key"]) in one["values"] for one in expressions
    )


def selected(objects: list[Object], selector: Object) -> list[str]:
    return [name for name, pod in pods(objects).items() if selects(selector, pod["metadata"]["labels"])]


def ports(pod: Object) -> dict[str, int]:
    return {port["name"]: port["containerPort"] for one in containers(pod) for port in one.get("ports", [])}


# Against the schemas, and against the rules of others


@pytest.mark.parametrize("version", NEWEST)
def test_everything_is_valid_in_the_newest_releases(version: str) -> None:
    assert any(newest.startswith("1.36") for newest in NEWEST)
    for one in different():
        if one["kind"] not in CUSTOM:
            kubernetes_validate.validate(one, version, strict=True)


def test_the_linter_finds_nothing_that_is_not_excused(tmp_path: Path) -> None:
    file = tmp_path / "everything.yaml"
    file.write_text(yaml.safe_dump_all(different()))
    command = [CHECKOV, "--config-file", K8S / "checkov.yaml", "--file", file, "--output", "json"]

    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)

    found = json.loads(done.stdout)
    failed = {(one["check_id"], one["check_name"], one["resource"]) for one in found["results"]["failed_checks"]}
    assert failed == set()
    assert found["summary"]["parsing_errors"] == 0
    assert found["summary"]["passed"] > 100


def test_the_linter_is_excused_from_nothing_that_would_pass() -> None:
    excused = yaml.safe_load((K8S / "checkov.yaml").read_text())["skip-check"]

    assert excused == ["CKV_K8S_14", "CKV_K8S_15", "CKV_K8S_40", "CKV_K8S_43"]


@every_combination
def test_every_pod_keeps_to_the_restricted_standard(combination: tuple[str, ...]) -> None:
    """Pod Security Standards, Restricted: as https://kubernetes.io/docs/concepts/security/pod-security-standards has it."""
    allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
    for name, pod in pods(render(*combination)).items():
        spec = pod["spec"]
        assert spec.keys() & {"hostNetwork", "hostPID", "hostIPC"} == set(), name
        assert [volume for volume in spec["volumes"] if not volume.keys() - {"name"} <= allowed] == [], name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for one in containers(pod):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert [port for port in one.get("ports", []) if "hostPort" in port] == [], name
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name


# Together


@every_combination
def test_selectors_match_what_they_mean(combination: tuple[str, ...]) -> None:
    objects = render(*combination)
    for kind in ("Deployment", "StatefulSet"):
        for name, one in named(objects, kind).items():
            assert selected(objects, one["spec"]["selector"]) == [f"{kind}/{name}"]
            for spread in one["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
                assert selected(objects, spread["labelSelector"]) == [f"{kind}/{name}"]
    for name, one in named(objects, "PodDisruptionBudget").items():
        assert selected(objects, one["spec"]["selector"]) == [f"Deployment/{name}"]
    for one in named(objects, "HorizontalPodAutoscaler").values():
        target = one["spec"]["scaleTargetRef"]
        assert "replicas" not in named(objects, target["kind"])[target["name"]]["spec"]


@every_combination
def test_every_service_leads_to_a_port_that_its_pods_have(combination: tuple[str, ...]) -> None:
    objects = render(*combination)
    for name, service in named(objects, "Service").items():
        found = selected(objects, {"matchLabels": service["spec"]["selector"]})
        assert len(found) == 1, name
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ports(pods(objects)[found[0]]), name


@every_largest
def test_who_comes_from_outside_is_led_to_a_port_of_nginx(combination: tuple[str, ...]) -> None:
    objects = render(*combination)
    services = {
        name: {port["port"] for port in one["spec"]["ports"]} | {port["name"] for port in one["spec"]["ports"]}
        for name, one in named(objects, "Service").items()
    }
    backends = [
        (path["backend"]["service"]["name"], path["backend"]["service"]["port"]["name"])
        for one in named(objects, "Ingress").values()
        for rule in one["spec"]["rules"]
        for path in rule["http"]["paths"]
    ] + [
        (backend["name"], backend["port"])
        for one in named(objects, "HTTPRoute").values()
        for rule in one["spec"]["rules"]
        for backend in rule.get("backendRefs", [])
    ]
    assert backends
    assert {name for name, _ in backends} == {"nginx"}
    assert all(port in services[name] for name, port in backends)


@every_combination
def test_everything_is_in_the_namespace_that_is_guarded(combination: tuple[str, ...]) -> None:
    objects = render(*combination)
    for one in objects:
        if one["kind"] in {"Namespace", "PersistentVolume"}:
            assert "namespace" not in one["metadata"]
        else:
            assert one["metadata"]["namespace"] == "inkstone", one["metadata"]["name"]
    for one in named(objects, "Namespace").values():
        assert one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for one in named(objects, "PersistentVolume").values():
        assert one["spec"]["claimRef"]["namespace"] == "inkstone"


@every_combination
def test_volumes_secrets_and_settings_are_there(combination: tuple[str, ...]) -> None:
    objects = render(*combination)
    assert named(objects, "Secret") == {}
    made = set(re.findall(r"\binkstone-(?:web|job|mysql|backup)\b", (K8S / "prepare.sh").read_text()))
    claims = named(objects, "PersistentVolumeClaim")
    for name, pod in pods(objects).items():
        templates = named(objects, "StatefulSet").get(name.partition("/")[2], {}).get("spec", {})
        volumes = {volume["name"]: volume for volume in pod["spec"]["volumes"]}
        volumes |= {one["metadata"]["name"]: {} for one in templates.get("volumeClaimTemplates", [])}
        mounted = {mount["name"] for one in containers(pod) for mount in one["volumeMounts"]}
        assert mounted == volumes.keys(), name
        for volume in volumes.values():
            assert volume.get("secret", {"secretName": "inkstone-web"})["secretName"] in made
            assert volume.get("persistentVolumeClaim", {"claimName": None})["claimName"] in {None, *claims}
        if "ConfigMap" in {one["kind"] for one in objects}:
            sources = [source["configMapRef"]["name"] for one in containers(pod) for source in one.get("envFrom", [])]
            assert set(sources) <= named(objects, "ConfigMap").keys(), name


def test_every_claim_of_the_local_overlay_has_its_volume() -> None:
    objects = render("local")
    claims = {name: one["spec"] for name, one in named(objects, "PersistentVolumeClaim").items()}
    for name, one in named(objects, "StatefulSet").items():
        for claim in one["spec"]["volumeClaimTemplates"]:
            claims[f"{claim['metadata']['name']}-{name}-0"] = claim["spec"]
    volumes = named(objects, "PersistentVolume")

    assert {one["spec"]["claimRef"]["name"]: name for name, one in volumes.items()} == {
        name: claim["volumeName"] for name, claim in claims.items()
    }
    for claim in claims.values():
        volume = volumes[claim["volumeName"]]["spec"]
        assert claim["storageClassName"] == volume.get("storageClassName", "") == ""
        assert claim["resources"]["requests"] == volume["capacity"]
        assert claim["accessModes"] == volume["accessModes"]
        assert [*volume["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0].values()] == [
            "inkstone/mysql", "In", ["here"],
        ]  # fmt: skip
    assert {(one["spec"].get("local") or one["spec"]["hostPath"])["path"] for one in volumes.values()} == {
        "/var/lib/inkstone/mysql"
    }


# With the images, the application and compose


def test_images_and_tags_are_those_of_compose() -> None:
    built = {
        re.sub(r"\$\{IMAGE_TAG:-(.*)\}", r"\1", service["image"])
        for service in COMPOSE["services"].values()
        if "build" in service
    }
    used = {one["image"] for name in ("local", "load") for pod in pods(render(name)).values() for one in containers(pod)}

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

    assert {str(port) for port in ports(pods(render("local"))[f"Deployment/{name}"]).values()} <= set(exposed[1].split())


def probes(pod: Object) -> Iterator[Object]:
    for one in containers(pod):
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            if kind in one:
                yield one[kind]


@every_combination
def test_probes_hit_real_paths_and_ports(combination: tuple[str, ...]) -> None:
    known = {"web": {route.path for route in ROUTES if route.method == "GET"}}
    known["nginx"] = set(re.findall(r"^  location = (\S+) \{\n    return 204;", nginx_site(), re.M))
    for name, pod in pods(render(*combination)).items():
        for probe in probes(pod):
            action = probe.get("httpGet") or probe.get("tcpSocket")
            if action:
                assert action["port"] in ports(pod), name
            if "httpGet" in probe:
                assert probe["httpGet"]["path"] in known[name.partition("/")[2]], name
            # The default of one second kills what is merely busy.
            assert probe["timeoutSeconds"] == 5
    for name in ("web", "nginx"):
        if f"Deployment/{name}" in pods(render(*combination)):
            assert len(list(probes(pods(render(*combination))[f"Deployment/{name}"]))) >= 2


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
                assert one["resources"]["requests"].keys() == one["resources"]["limits"].keys() == {"cpu", "memory"}, name
                for what in ("cpu", "memory"):
                    wanted, most = (quantity(one["resources"][kind][what]) for kind in ("requests", "limits"))
                    assert 0 < wanted <= most, name
            assert all("sizeLimit" in one["emptyDir"] for one in pod["spec"]["volumes"] if "emptyDir" in one), name


def quantity(value: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(m|Mi|Gi)?", value).groups()  # type: ignore[union-attr]
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


def test_the_old_stay_until_the_new_are_known() -> None:
    for name, one in named(render("production"), "Deployment").items():
        assert one["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}, name
        assert one["spec"]["minReadySeconds"] >= 5, name


def test_mysql_takes_the_connections_of_all_replicas() -> None:
    most = re.search(r"^max_connections = (\d+)", (ROOT / "services/mysql/inkstone.cnf").read_text(), re.M)
    assert most
    (scaling,) = named(render("local", "autoscaling"), "HorizontalPodAutoscaler").values()
    (settings,) = (one["data"] for name, one in named(render("local"), "ConfigMap").items() if "settings" in name)
    replicas = scaling["spec"]["maxReplicas"] + 1 + 2  # one that a rollout adds, two that are leaving

    assert replicas * int(settings["INKSTONE_WORKERS"]) * int(settings["INKSTONE_DATABASE_POOL_SIZE"]) < int(most[1])


def test_there_are_three_replicas_in_production() -> None:
    objects = render("production")

    assert named(objects, "HorizontalPodAutoscaler")["web"]["spec"]["minReplicas"] >= 3
    assert named(objects, "Deployment")["nginx"]["spec"]["replicas"] >= 2
    assert named(objects, "StatefulSet") == {}
    assert {one["spec"]["replicas"] for one in named(render("local"), "Deployment").values()} == {1}


# Who may reach whom


def flows(objects: list[Object]) -> set[tuple[str, str, int]]:
    """Which pod may reach which port of which other one: where both its own policies and the other's let it."""
    policies = [one["spec"] for one in named(objects, "NetworkPolicy").values()]
    everybody = {pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod for pod in pods(objects).values()}

    def lets(name: str, direction: str, peer: str, port: int) -> bool:
        labels = everybody[name]["metadata"]["labels"]
        mine = [one for one in policies if selects(one["podSelector"], labels) and direction.title() in one["policyTypes"]]
        assert mine, "a pod that no policy selects may do everything"
        side = "from" if direction == "ingress" else "to"
        return any(
            port in {one["port"] for one in rule["ports"]} and (side not in rule or any(is_peer(one, peer) for one in rule[side]))
            for policy in mine
            for rule in policy.get(direction, [])
        )

    def is_peer(one: Object, peer: str) -> bool:
        return one.keys() == {"podSelector"} and selects(one["podSelector"], everybody[peer]["metadata"]["labels"])

    return {
        (one, other, port)
        for one in everybody
        for other in everybody
        for port in (8000, 8080, 3306, 5557, 22)
        if lets(one, "egress", other, port) and lets(other, "ingress", one, port)
    }


def compose_flows() -> set[frozenset[str]]:
    networks = {name: set(service.get("networks", [])) for name, service in COMPOSE["services"].items()}
    # Of the jobs, which are containers of web's pod here, none is a pod of its own.
    names = networks.keys() & {"nginx", "web", "mysql", "backup", "load"}
    return {frozenset({a, b}) for a in names for b in names if a != b and networks[a] & networks[b]}


def test_policies_allow_what_composes_networks_allow() -> None:
    allowed = flows(render("local", "network-policies", "backup", "load"))

    assert allowed == {
        ("nginx", "web", 8000),
        ("web", "mysql", 3306),
        ("backup", "mysql", 3306),
        ("load", "nginx", 8080),
        ("load", "load", 5557),
    }
    between = {frozenset({one, other}) for one, other, _ in allowed if one != other}
    # web and backup share the database's network, and nothing listens there that one could reach of the other.
    assert compose_flows() - {frozenset({"web", "backup"})} == between


def test_only_readers_come_in_and_only_dns_is_asked_outside() -> None:
    policies = named(render("local", "network-policies", "backup", "load"), "NetworkPolicy")
    anybody = [
        (name, [port["port"] for port in rule["ports"]])
        for name, one in policies.items()
        for rule in one["spec"].get("ingress", [])
        if "from" not in rule
    ]
    outside = [
        (name, [port["port"] for port in rule["ports"]])
        for name, one in policies.items()
        for rule in one["spec"].get("egress", [])
        if any(peer.keys() != {"podSelector"} for peer in rule.get("to", [{}]))
    ]

    assert anybody == [("nginx", [8080])]
    assert outside == [("dns", [53, 53])]
    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_a_database_elsewhere_is_all_that_is_reached_outside() -> None:
    policies = named(render("production", "backup"), "NetworkPolicy")

    for name in ("web", "backup"):
        (rule,) = policies[name]["spec"]["egress"]
        assert rule["ports"] == [{"port": 3306}]
    assert "mysql" not in policies


# Documents


def test_the_document_names_what_is_there() -> None:
    document = (ROOT / "docs/kubernetes.md").read_text()
    everything = "\n".join(text(*names) for names in COMBINATIONS)

    for path in re.findall(r"\bk8s/[\w./-]*\w", document):
        assert (ROOT / path).exists(), path
    components = {path.parent.name for path in K8S.glob("components/*/kustomization.yaml")}
    assert components <= set(re.findall(r"`([\w-]+)`", document))
    for kind, name in re.findall(r"\b(deployment|statefulset|service|job|cronjob|pdb|hpa)/([a-z-]+)", document):
        kinds = {"pdb": "poddisruptionbudget", "hpa": "horizontalpodautoscaler"}
        assert re.search(rf"(?i)^kind: {kinds.get(kind, kind)}\n(?:.*\n)*?  name: {name}$", everything, re.M), (kind, name)


