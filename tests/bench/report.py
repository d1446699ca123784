"""What the benchmarks leave behind: a table on the terminal, and JSON beside it."""

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.bench.results import Part
from tests.servers import ROOT

LIBRARIES = ("aiohttp", "aiomysql", "gunicorn", "jinja2", "uvloop")
PROGRAMS = (
    ["nginx", "-v"],
    ["mariadbd", "--version"],
    ["wrk", "-v"],
    ["git", "-C", str(ROOT), "describe", "--always", "--dirty"],
)


def machine() -> dict[str, Any]:
    """Where it was measured, by what, and how busy the machine was before."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "time": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1024**3, 1),
        "kernel": platform.release(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "programs": {command[0]: _first_line(command) for command in PROGRAMS},
    }


def _first_line(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout + done.stderr).partition("\n")[0].strip()


def write(path: Path, where: dict[str, Any], parts: list[Part]) -> None:
    """Leave the JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"machine": where, "parts": [part.as_json() for part in parts]}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def table(part: Part) -> str:
    """One part as a person reads it: medians, from the smallest round to the largest, and the goals."""
    lines = ["", part.title, *(f"  ({note})" for note in part.notes)]
    for figure in part.figures:
        spread = f"{number(min(figure.rounds))} to {number(max(figure.rounds))}"
        lines.append(f"  {figure.name:<34} {number(figure.median):>9} {figure.unit:<15} {spread}")
    for goal in part.goals:
        reached = "met    " if goal.met else "NOT met"
        lines.append(
            f"  {reached} {goal.name}: {number(goal.value)}{_unit(goal.unit)}, {goal.bound} {number(goal.target)}"
        )
    return "\n".join(lines)


def _unit(unit: str) -> str:
    return unit if unit == "×" else f" {unit}"


def number(value: float) -> str:
    """Three figures that count.

    >>> [number(value) for value in (1234.5, 56.78, 0.01234)]
    ['1,234', '56.8', '0.0123']
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
