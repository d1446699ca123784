"""k8s/: whether the objects of each combination suit each other"""

import re

from tests.k8s.manifests import K8S, containers, every_combination, every_largest, named, pods, ports, render, selected


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


def test_the_gateway_redirects_with_a_status_that_its_first_release_takes() -> None:
    filters = [
        one
        for route in named(render("production", "gateway"), "HTTPRoute").values()
        for rule in route["spec"]["rules"]
        for one in rule.get("filters", [])
    ]

    assert [one["requestRedirect"] for one in filters] == [{"scheme": "https", "statusCode": 301}]


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
