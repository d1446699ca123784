"""Plain numbers by their labels: counting is an addition, so that a page does not notice it."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import accumulate
from operator import add
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Labels = tuple[str | int, ...]
Row = tuple[Iterable[str | int], Any]
"""Labels and what is known of them, as JSON takes it."""

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds: a page takes one or two milliseconds, a statement has 2.5 seconds and a request about 5."""


class Durations:
    """How often something took how long."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds

    def join(self, counts: Iterable[int], seconds: float) -> None:
        """Add what another process has counted."""
        self.counts = list(map(add, self.counts, counts))
        self.seconds += seconds


class Family(ABC):
    """Numbers of one kind; `help` is for whoever reads them."""

    def __init__(self, name: str, help: str, *labels: str) -> None:
        self.name = name
        self.help = help
        self.labels = labels

    @abstractmethod
    def rows(self) -> list[Row]:
        """All numbers, for another process."""

    @abstractmethod
    def join(self, rows: Iterable[Row]) -> None:
        """Take another process's numbers in."""

    @abstractmethod
    def exposed(self) -> Metric:
        """All numbers, as Prometheus knows them."""


class Counter(Family):
    """What only grows."""

    def __init__(self, name: str, help: str, *labels: str) -> None:
        super().__init__(name, help, *labels)
        self.by: defaultdict[Labels, float] = defaultdict(int)

    def rows(self) -> list[Row]:
        return list(self.by.items())

    def join(self, rows: Iterable[Row]) -> None:
        for labels, value in rows:
            self.by[tuple(labels)] += value

    def exposed(self) -> Metric:
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.by.items():
            family.add_metric([str(label) for label in labels], value)
        return family


class Histogram(Family):
    """What takes time."""

    def __init__(self, name: str, help: str, *labels: str) -> None:
        super().__init__(name, help, *labels)
        self.by: defaultdict[Labels, Durations] = defaultdict(Durations)

    def rows(self) -> list[Row]:
        return [(labels, (tuple(one.counts), one.seconds)) for labels, one in self.by.items()]

    def join(self, rows: Iterable[Row]) -> None:
        for labels, (counts, seconds) in rows:
            self.by[tuple(labels)].join(counts, seconds)

    def exposed(self) -> Metric:
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        bounds = [*map(str, BOUNDS), "+Inf"]
        for labels, one in self.by.items():
            buckets = list(zip(bounds, accumulate(one.counts), strict=True))
            family.add_metric([str(label) for label in labels], buckets, one.seconds)
        return family


class Gauge(Family):
    """What goes up and down; `joined` makes one number of two processes'."""

    def __init__(self, name: str, help: str, *labels: str, joined: Callable[[float, float], float] = add) -> None:
        super().__init__(name, help, *labels)
        self.by: dict[Labels, float] = {}
        self._joined = joined

    def rows(self) -> list[Row]:
        return list(self.by.items())

    def join(self, rows: Iterable[Row]) -> None:
        for labels, value in rows:
            key = tuple(labels)
            self.by[key] = self._joined(self.by[key], value) if key in self.by else value

    def exposed(self) -> Metric:
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.by.items():
            family.add_metric([str(label) for label in labels], value)
        return family
