"""What may be asked for: the names of all that is counted, and their labels."""

import re

from inkstone.metrics.catalogue import Metrics
from inkstone.metrics.families import Counter, Histogram
from tests.native.stacks import ROOT

ALERTS = ROOT / "observability/prometheus/rules.yaml"
# What nginx tells beside the application: services/nginx/count.sh.
NGINX = {"inkstone_answers_total": {"cache", "status"}}
# What Prometheus itself adds, and the bounds of histograms.
ADDED = {"namespace", "instance", "le"}


def known() -> dict[str, set[str]]:
    """The names of the samples, with the labels that each may have."""
    found = {name: labels | ADDED for name, labels in NGINX.items()}
    for family in Metrics().families:
        ends = {Counter: ["_total"], Histogram: ["_bucket", "_count", "_sum"]}.get(type(family), [""])
        found |= {family.name + end: {*family.labels, *ADDED} for end in ends}
    return found


def asked(expression: str) -> list[tuple[str, set[str]]]:
    """The names that a query asks for, with the labels that it says something of."""
    samples = re.findall(r"\b((?:inkstone|process)_\w+)(?:\{(.*?)\})?", expression)
    together = re.findall(r"\b(?:by|on) \((.*?)\)", expression)
    grouped = {label for labels in together for label in re.findall(r"\w+", labels)}
    return [(name, {*re.findall(r"(\w+)[!=]", conditions), *(grouped - ADDED)}) for name, conditions in samples]
