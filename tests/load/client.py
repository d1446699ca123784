"""Running Locust and reading what it tells, line by line."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.load.plan import ROOT, Plan, Problem
from tests.load.results import Step

Say = Callable[[str], None]
LOCUST = ROOT / ".venv/load/bin/locust"


def variables(plan: Plan, scenario: str, users: int) -> dict[str, str]:
    """What the load generator is told."""
    return {
        "LOAD_SCENARIO": scenario,
        "LOAD_USERS": str(users),
        "LOAD_SECONDS": str(plan.seconds),
        "LOAD_STEPS": str(plan.steps),
        "LOAD_PROGRESS": "1",
        "LOAD_EMAIL": plan.email,
        "LOAD_PASSWORD": plan.password,
    }


def locust(plan: Plan, program: str = "locust") -> list[str]:
    """The command; with workers, as many processes make the load and one more counts."""
    return [program, *(["--processes", str(plan.workers)] if plan.workers else [])]


def run(command: list[str], environment: Mapping[str, str], log: Path, say: Say) -> list[Step]:
    """Run the load generator to its end; raises Problem where it found out nothing."""
    steps: list[Step] = []
    with log.open("a") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            # Ctrl-C is for us, who end it.
            start_new_session=True,
        )
        try:
            for line in process.stdout or ():
                _take(line, steps, say)
            process.wait()
        finally:
            _end(process)
    if not steps:
        raise Problem(_reason(log))
    return steps


def _take(line: str, steps: list[Step], say: Say) -> None:
    try:
        told = json.loads(line)
    except ValueError:
        return
    if not isinstance(told, dict):
        return
    if "progress" in told:
        say(_progress(told["progress"]))
    elif "requests_per_second" in told:
        steps.append(Step.of(told))


def _progress(now: dict[str, Any]) -> str:
    failed = f", {now['failures']} FAILED" if now["failures"] else ""
    return f"{now['users']} users, {now['requests_per_second']:.0f} requests/s, p95 {now['p95'] or 0} ms{failed}"


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _reason(log: Path) -> str:
    """The load generator's own word, or what came last."""
    lines = [line.strip() for line in log.read_text().splitlines() if line.strip()]
    own = [line.partition("load: ")[2] for line in lines if line.startswith("load: ")]
    return (own or lines or ["the load generator said nothing"])[-1]
