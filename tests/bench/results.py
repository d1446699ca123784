"""What the benchmarks found: figures with every round that was measured, and goals that are met or not."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Literal

Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured several times."""

    name: str
    unit: str
    rounds: list[float]

    @property
    def median(self) -> float:
        return median(self.rounds)


@dataclass(frozen=True, slots=True)
class Goal:
    """A value that is to be at least, or at most, its target."""

    name: str
    value: float
    bound: Bound
    target: float
    unit: str = "×"

    @property
    def met(self) -> bool:
        return self.value >= self.target if self.bound == "at least" else self.value <= self.target


@dataclass(slots=True)
class Part:
    """One part of the benchmarks."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def figure(self, name: str, unit: str, rounds: list[float]) -> Figure:
        """Add a figure, and answer it."""
        made = Figure(name, unit, rounds)
        self.figures.append(made)
        return made

    def median(self, name: str) -> float:
        """The median of the figure of that name."""
        return next(figure.median for figure in self.figures if figure.name == name)

    def ratio(self, one: str, other: str) -> float:
        """The median of what each round of one figure is to the same round of another: they ran close to each other."""
        first, second = (next(figure.rounds for figure in self.figures if figure.name == name) for name in (one, other))
        return median(a / b for a, b in zip(first, second, strict=True))

    def goal(self, name: str, value: float, bound: Bound, target: float, unit: str = "×") -> None:
        """Add a goal."""
        self.goals.append(Goal(name, value, bound, target, unit))

    def as_json(self) -> dict[str, Any]:
        """All of it, with what follows from it."""
        figures = [{**asdict(figure), "median": figure.median} for figure in self.figures]
        goals = [{**asdict(goal), "met": goal.met} for goal in self.goals]
        return {"name": self.name, "title": self.title, "figures": figures, "goals": goals, "notes": self.notes}
