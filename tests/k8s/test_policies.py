"""k8s/components/network-policies: who may reach whom, and that it is what compose's networks allow"""

import yaml

from tests.k8s.manifests import ROOT, Object, named, pods, render, selects

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def flows(objects: list[Object]) -> set[tuple[str, str, int]]:
    """Which pod may reach which port of which other one: where both its own policies and the other's let it."""
    policies = [one["spec"] for one in named(objects, "NetworkPolicy").values()]
    everybody = {pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod for pod in pods(objects).values()}

    def lets(name: str, direction: str, peer: str, port: int) -> bool:
        labels = everybody[name]["metadata"]["labels"]
        about = [one for one in policies if direction.title() in one["policyTypes"]]
        mine = [one for one in about if selects(one["podSelector"], labels)]
        assert mine, "a pod that no policy selects may do everything"
        side = "from" if direction == "ingress" else "to"
        rules = [rule for policy in mine for rule in policy.get(direction, [])]
        open_to = [rule for rule in rules if side not in rule or any(is_peer(one, peer) for one in rule[side])]
        return port in {one["port"] for rule in open_to for one in rule["ports"]}

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
