"""`python -m tests.load`: what `make load` runs; everything it is told is in the environment."""

import os
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tests.load import report, running
from tests.load.machine import machine
from tests.load.plan import Plan, Problem, var
from tests.load.results import Result, Run


def main() -> int:
    """Run the plan and leave a report; 1 where something failed, with one line that says what."""
    signal.signal(signal.SIGTERM, _interrupt)
    folder = var() / "load" / f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    try:
        plan = Plan.parse(os.environ, folder)
        return _load(plan)
    except Problem as problem:
        sys.stderr.write(f"load: {problem}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("load: stopped\n")
        return 130


def _load(plan: Plan) -> int:
    began, where = time.monotonic(), machine()
    runs: list[Run] = []

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {what}", flush=True)

    def done(run: Run) -> None:
        runs.append(run)
        report.write(Result(where, plan, runs), plan.folder)

    plan.folder.mkdir(parents=True)
    try:
        running.run(plan, say, done)
    finally:
        _tidy(plan.folder, whole=bool(runs))
    result = Result(where, plan, runs)
    print(report.summary(result))
    print(f"\nThe report: {plan.folder / 'report.html'}")
    if result.failed:
        sys.stderr.write(f"load: {result.failed:,} requests failed: the report says which\n")
    return 1 if result.failed else 0


def _tidy(folder: Path, *, whole: bool) -> None:
    """Point to the newest report, and leave no empty folder."""
    if whole:
        latest = folder.with_name("latest")
        latest.unlink(missing_ok=True)
        latest.symlink_to(folder.name)
    elif not any(folder.iterdir()):
        folder.rmdir()


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
