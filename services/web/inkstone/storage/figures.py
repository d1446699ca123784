"""What is known of a database's connections: how long statements take, and how many connections there are."""

from dataclasses import dataclass
from pathlib import PurePath

from inkstone.metrics.catalogue import Metrics
from inkstone.metrics.families import Durations


@dataclass(frozen=True, slots=True)
class Query:
    """A statement's name, and how long it takes."""

    name: str
    times: Durations


class Queries(dict[tuple[str, str], Query]):
    """Statements by the function that runs them: `posts.find`.

    There are only so many of those, and a statement needs no name of its own.
    """

    def __init__(self, metrics: Metrics) -> None:
        super().__init__()
        self._metrics = metrics

    def __missing__(self, asker: tuple[str, str]) -> Query:
        file, function = asker
        name = f"{PurePath(file).stem}.{function}"
        self[asker] = query = Query(name, self._metrics.query_time.by[name,])
        return query


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pool is doing, in connections, and whether its database could be reached when last tried."""

    size: int
    in_use: int
    idle: int
    reachable: bool
