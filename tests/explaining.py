"""The application that has the server explain each statement before it runs, and logs what the statement then read."""

import json
import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from aiohttp import web

from inkstone import app
from inkstone.storage.driver import Link, Row, Value

MARK = "explained: "
_EXPLAINED = ("SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE")
_COUNTERS = ("Handler_read_%", "Sort_rows")
_run = Link.run


@dataclass(frozen=True)
class Step:
    """How the server gets at one table: its own words, without INSERT's target, of which nothing is read."""

    table: str
    access: str
    key: str
    extra: str


@dataclass(frozen=True)
class Told:
    """A statement, what the server meant to do, and how many rows it then answered, read and sorted."""

    sql: str
    steps: list[Step]
    answered: int
    read: int
    sorted: int

    def __str__(self) -> str:
        steps = [f"{step.table}: {step.access} {step.key} {step.extra}" for step in self.steps]
        return f"{self.sql}\n  read {self.read}, sorted {self.sorted}, answered {self.answered}; {'; '.join(steps)}"


def parse(log: str) -> list[Told]:
    """What was told in a log."""
    lines = [json.loads(line.removeprefix(MARK)) for line in log.splitlines() if line.startswith(MARK)]
    return [Told(**{**line, "steps": [Step(**step) for step in line["steps"]]}) for line in lines]


async def application() -> web.Application:
    """What the tests' gunicorn serves."""
    Link.run = _logged  # type: ignore[method-assign]  # every statement goes through here
    return await app.application()


async def _logged(self: Link, sql: str, args: Sequence[Value]) -> tuple[Sequence[Row], int]:
    if not _bare(sql).startswith(_EXPLAINED):
        return await _run(self, sql, args)
    answer, told = await explain(self, sql, args)
    sys.stderr.write(f"{MARK}{json.dumps(asdict(told))}\n")
    sys.stderr.flush()
    return answer


async def explain(link: Link, sql: str, args: Sequence[Value]) -> tuple[tuple[Sequence[Row], int], Told]:
    """Run a statement, and tell of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MySQL notes how it reads the statement
        plan, _ = await _run(link, f"EXPLAIN FORMAT=TRADITIONAL {_bare(sql)}", args)
    before = await _counters(link)
    answer = await _run(link, sql, args)
    after = await _counters(link)
    spent = {name: after[name] - before[name] for name in after}
    in_order = spent.pop("Sort_rows")
    steps = [_step(row) for row in plan if row[1] not in {"INSERT", "REPLACE"}]
    return answer, Told(" ".join(sql.split()), steps, len(answer[0]), sum(spent.values()), in_order)


def _bare(sql: str) -> str:
    """Without what MariaDB is told before the statement."""
    return re.sub(r"\s*/\*M!.*?\*/\s*", "", sql).lstrip()


def _step(row: Row) -> Step:
    """One row of a plan: MySQL's has a column of partitions before the way of access, which MariaDB's lacks."""
    access = 3 if len(row) == 10 else 4
    return Step(str(row[2]), str(row[access]), str(row[access + 2]), row[-1] or "")


async def _counters(link: Link) -> dict[str, int]:
    """What this session has read and sorted so far; to ask changes nothing of it."""
    rows = [row for name in _COUNTERS for row in (await _run(link, "SHOW SESSION STATUS LIKE %s", (name,)))[0]]
    return {str(name): int(value) for name, value in rows}
