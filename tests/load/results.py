"""What a load test found, and what follows from it."""

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Self

from tests.load.plan import Plan

# A reader opens a page and reads it for so many seconds.
READING = 20
# A replica that is always at its limit answers slowly.
HEADROOM = 0.7
# From here on something is busy all the time.
BUSY = 0.85
# A step that brought less than this part of what its users asked for lies behind the knee.
WORTH = 0.5


@dataclass(frozen=True, slots=True)
class Step:
    """A constant load; times in milliseconds, processors as a number of them, memory in MB, both by service."""

    users: int
    requests_per_second: float
    p50: int
    p95: int
    p99: int
    start: int
    end: int
    pages: dict[str, dict[str, int]]
    failures: dict[str, int]
    client_cpu: float
    last: str
    """Why it was the last, or nothing: `knee`, `slow`, `failures`, `steps`."""
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, line: dict[str, Any]) -> Self:
        """Out of what the load generator tells."""
        names = ("users", "requests_per_second", "p50", "p95", "p99", "pages", "failures", "client_cpu")
        return cls(start=line["start"], end=line["start"] + line["seconds"], last=line["last"], **_some(line, names))

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def requests(self) -> int:
        return round(self.requests_per_second * (self.end - self.start))

    @property
    def cost(self) -> float:
        """Milliseconds of processor time that the application took for a request; 0 where nobody has looked."""
        return self.cpu.get("web", 0.0) * 1000 / (self.requests_per_second or 1)


def _some(line: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: line[name] for name in names}


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario against so many replicas, step by step; 0 replicas: against an address."""

    scenario: str
    replicas: int
    steps: list[Step]

    @property
    def best(self) -> Step:
        """The step that brought most requests; of those without a failure, where there are such."""
        return max(
            [step for step in self.steps if not step.failed] or self.steps, key=lambda step: step.requests_per_second
        )

    @property
    def knee(self) -> Step:
        """The last step that was worth it: more users still brought at least half as many more requests."""
        for before, step in zip(self.steps, self.steps[1:], strict=False):
            more_users = step.users / before.users - 1
            more_requests = step.requests_per_second / (before.requests_per_second or 1) - 1
            if more_requests < WORTH * more_users or step.failed:
                return before
        return self.steps[-1]

    @property
    def failed(self) -> int:
        """How many requests failed up to the best step."""
        return sum(step.failed for step in self.steps if step.users <= self.best.users)

    @property
    def turned_away(self) -> int:
        """How many failed after it, where there was more load than could be answered: that is as it should be."""
        return sum(step.failed for step in self.steps) - self.failed

    def limit(self, share: float, cores: int) -> str:
        """What was busy at the best step; nothing where that is not known."""
        best = self.best
        if self.replicas and best.cpu.get("web", 0) >= BUSY * share * self.replicas:
            return "web"
        if best.client_cpu >= BUSY:
            return "the load generator"
        if sum(best.cpu.values()) >= BUSY * cores:
            return "this machine"
        return ""

    def as_json(self) -> dict[str, Any]:
        """All of it, with what follows from it."""
        found = asdict(self)
        found |= {"best_requests_per_second": self.best.requests_per_second, "knee_users": self.knee.users}
        return found


@dataclass(frozen=True, slots=True)
class Growth:
    """One scenario over the counts of replicas: the median of the rounds, as `(replicas, requests/s)`."""

    scenario: str
    points: list[tuple[int, float]]
    cost: dict[int, float]
    """Milliseconds of processor time that the application took for a request, by the number of replicas."""

    @classmethod
    def of(cls, scenario: str, runs: list[Run]) -> Self:
        mine: dict[int, list[Run]] = defaultdict(list)
        for run in runs:
            if run.scenario == scenario:
                mine[run.replicas].append(run)
        points = [(count, median(run.best.requests_per_second for run in mine[count])) for count in sorted(mine)]
        cost = {count: median(run.best.cost for run in some) for count, some in mine.items()}
        return cls(scenario, points, cost)

    @property
    def per_replica(self) -> float:
        """Requests/s of one, where the most of them were at work."""
        count, most = self.points[-1]
        return most / (count or 1)

    @property
    def factor(self) -> float:
        """How many times the requests of the fewest replicas the most of them answered."""
        return self.points[-1][1] / (self.points[0][1] or 1)

    @property
    def ideal(self) -> float:
        """What the factor would be where nothing is shared."""
        return self.points[-1][0] / (self.points[0][0] or 1)

    def found(self, replicas: int) -> float:
        """Requests/s of that many."""
        return dict(self.points)[replicas]

    def as_json(self) -> dict[str, Any]:
        """The points with what follows from them."""
        points = [
            {"replicas": replicas, "requests_per_second": found, "cpu_ms_per_request": self.cost.get(replicas)}
            for replicas, found in self.points
        ]
        return {"scenario": self.scenario, "points": points, "factor": self.factor, "ideal": self.ideal}

    def readers(self, replicas: int = 1) -> int:
        """How many may read at once, each opening a page every READING seconds."""
        return round(self.per_replica * replicas * READING * HEADROOM)

    def replicas_for(self, readers: int) -> int:
        return max(1, -(-readers // max(1, self.readers())))


@dataclass(frozen=True, slots=True)
class Result:
    """A whole load test."""

    machine: dict[str, Any]
    plan: Plan
    runs: list[Run]

    @property
    def scenarios(self) -> list[str]:
        return [name for name in self.plan.scenarios if any(run.scenario == name for run in self.runs)]

    @property
    def failed(self) -> int:
        return sum(run.failed for run in self.runs)

    @property
    def turned_away(self) -> int:
        return sum(run.turned_away for run in self.runs)

    @property
    def requests(self) -> int:
        return sum(step.requests for run in self.runs for step in run.steps)

    def growth(self, scenario: str) -> Growth:
        return Growth.of(scenario, self.runs)

    def of(self, scenario: str) -> list[Run]:
        """The runs of one scenario, the fewest replicas first."""
        return sorted((run for run in self.runs if run.scenario == scenario), key=lambda run: run.replicas)

    def limit(self, run: Run) -> str:
        return run.limit(self.plan.cpus, self.machine["cores"])

    def as_json(self) -> dict[str, Any]:
        """What results.json has; nobody's password."""
        plan = {name: value for name, value in asdict(self.plan).items() if name not in {"folder", "email", "password"}}
        runs = [run.as_json() | {"limit": self.limit(run)} for run in self.runs]
        growth = [self.growth(scenario).as_json() for scenario in self.scenarios]
        return {"machine": self.machine, "plan": plan, "growth": growth, "runs": runs}
