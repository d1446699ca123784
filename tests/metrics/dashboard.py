"""Grafana's dashboard, and what it asks Prometheus."""

import json
from collections.abc import Iterator
from typing import Any

from tests.native.stacks import ROOT

FILE = ROOT / "observability/grafana/dashboards/inkstone.json"
# What Grafana puts in place of its variables while everything is shown.
ALL = {"$namespace": ".*", "$replica": ".*", "$__rate_interval": "1m"}


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def panels() -> list[dict[str, Any]]:
    """Those that show something: rows are only headings."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str]]:
    """Every query, as Prometheus gets it, with the title of its panel."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], filled(target["expr"])


def filled(expression: str) -> str:
    for variable, value in ALL.items():
        expression = expression.replace(variable, value)
    assert "$" not in expression, expression
    return expression
