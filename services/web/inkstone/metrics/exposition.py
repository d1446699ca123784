"""The numbers as Prometheus reads them."""

from collections.abc import Iterator

from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from inkstone.metrics.catalogue import Metrics

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class _Families:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return (family.exposed() for family in self._metrics.families)


def text(metrics: Metrics) -> bytes:
    """The text format 0.0.4."""
    return generate_latest(_Families(metrics))
