"""observability/grafana: whether the dashboard is one, and asks for what there is"""

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from inkstone.metrics.catalogue import Metrics
from inkstone.metrics.families import Counter
from tests.metrics.dashboard import dashboard, panels, queries
from tests.metrics.known import NGINX, asked, known
from tests.native.stacks import ROOT

GRAFANA = ROOT / "observability/grafana"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_grafana_knows_every_word_of_it() -> None:
    ours = dashboard()

    theirs = json.loads(json.dumps(Dashboard.from_json(ours), cls=JSONEncoder))

    assert kept(ours, theirs) == ours


def kept(ours: Any, theirs: Any) -> Any:
    """What is left of ours in theirs, which may say more."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {key: kept(value, theirs[key]) for key, value in ours.items() if key in theirs}
    if isinstance(ours, list) and isinstance(theirs, list):
        return [kept(one, other) for one, other in zip(ours, theirs, strict=True)]
    return theirs


def test_panels_have_a_place_of_their_own() -> None:
    taken = [
        (x, y)
        for panel in dashboard()["panels"]
        for at in [panel["gridPos"]]
        for x, y in itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
    ]
    numbers = [panel["id"] for panel in dashboard()["panels"]]

    assert len(taken) == len(set(taken))
    assert {x for x, _ in taken} == set(range(24))
    assert len(numbers) == len(set(numbers))


def test_each_panel_says_what_it_shows() -> None:
    for panel in panels():
        assert panel["title"], panel
        assert panel["description"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


def test_panels_ask_for_what_is_counted() -> None:
    names = known()
    for title, query in queries():
        questions = asked(query)
        assert questions or "ALERTS" in query, title
        for name, labels in questions:
            assert labels <= names[name], title


def test_all_that_is_counted_is_shown() -> None:
    shown = {name for _, query in queries() for name, _ in asked(query)}
    ends = ("_bucket", "_count", "_sum", "")
    wanted = {one.name + ("_total" if isinstance(one, Counter) else "") for one in Metrics().families} | NGINX.keys()

    assert {name for name in wanted if not any(name + end in shown for end in ends)} == set()


def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    file = tmp_path / "queries.yaml"
    rules = [{"record": f"query_{number}", "expr": query} for number, (_, query) in enumerate(queries())]
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))

    done = subprocess.run(["promtool", "check", "rules", file], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(rules)} rules found" in done.stdout


# How Grafana is told of it


def test_grafana_finds_the_dashboard_and_shows_it_first() -> None:
    (provider,) = provisioned("dashboards/inkstone.yaml")["providers"]
    mounts = {one["target"]: one["source"] for one in COMPOSE["grafana"]["volumes"] if isinstance(one, dict)}
    home = Path(COMPOSE["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert (ROOT / mounts["/etc/grafana/provisioning"]) == GRAFANA / "provisioning"
    assert (ROOT / mounts[provider["options"]["path"]] / home.name).exists()
    assert str(home.parent) == provider["options"]["path"]


def test_grafana_asks_the_prometheus_of_compose_and_knows_how_often_that_asks() -> None:
    (source,) = provisioned("datasources/prometheus.yaml")["datasources"]
    prometheus = yaml.safe_load((ROOT / "observability/prometheus/prometheus.yml").read_text())

    assert (source["url"], source["type"], source["isDefault"]) == ("http://prometheus:9090", "prometheus", True)
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]


def provisioned(name: str) -> Any:
    return yaml.safe_load((GRAFANA / "provisioning" / name).read_text())
