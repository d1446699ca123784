"""`inkstone import markdown`, the first time and again."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import effort, fill
from tests.bench.load import cpu_seconds
from tests.bench.results import Part
from tests.bench.servers import database, database_pid, environment
from tests.servers import ROOT

CORPUS = "INKSTONE_BENCH_CORPUS"
ROUNDS = 2
MADE_UP = 1200


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the command did; `seconds` is from its start to its end, `cpu` what it and the database used."""

    posts: int
    seconds: float
    cpu: float


def run(say: Callable[[str], None]) -> Part:
    """Every folder of the corpus into an empty blog, then the same again."""
    part = Part("import", "inkstone import markdown, start of the command included")
    first, again = [], []
    with corpus() as folders:
        rounds = effort.of(ROUNDS, quick=1)
        for number in range(1, rounds + 1):
            say(f"round {number} of {rounds}")
            with database() as url:
                first.append(_all(folders, url))
                again.append(_all(folders, url))
        part.notes.append(f"{first[0].posts:,} posts from {', '.join(folder.name for folder in folders)}")
    part.figure("first run", "s", [run.seconds for run in first])
    part.figure("first run, with the database", "CPU s", [run.cpu for run in first])
    part.figure("again, nothing changed", "s", [run.seconds for run in again])
    speed = part.figure("first run, speed", "posts/s", [run.posts / run.seconds for run in first])
    part.goal("posts/s", speed.median, "at least", 300, "posts/s")
    return part


@contextmanager
def corpus() -> Iterator[list[Path]]:
    """The folders to import: those of the corpus where there is one, else one of made-up posts."""
    given = Path(os.environ.get(CORPUS) or ROOT.parent / "shared" / "corpus")
    folders = sorted(path for path in given.iterdir() if path.is_dir()) if given.is_dir() else []
    if folders:
        yield folders
        return
    made_up = Path(tempfile.mkdtemp(prefix="ink-bench-"), "made-up")
    made_up.mkdir()
    try:
        for number in range(MADE_UP):
            front = f"title: Post number {number}\ndate: {fill.published(number).isoformat()}\ntags: [made, up]\n"
            (made_up / f"post-{number}.md").write_text(f"---\n{front}---\n{fill.markdown(number, 10)}")
        yield [made_up]
    finally:
        shutil.rmtree(made_up.parent)


def _all(folders: list[Path], url: str) -> Run:
    runs = [_once(folder, url) for folder in folders]
    return Run(sum(run.posts for run in runs), sum(run.seconds for run in runs), sum(run.cpu for run in runs))


def _once(folder: Path, url: str) -> Run:
    with tempfile.NamedTemporaryFile(prefix="ink-bench-", suffix=".json") as report:
        command = [sys.executable, "-P", "-m", "inkstone", "import", "markdown", str(folder), "--report", report.name]
        began, used = time.perf_counter(), _cpu(url)
        done = subprocess.run(command, check=False, env=environment(url), capture_output=True, text=True)
        seconds = time.perf_counter() - began
        if done.returncode != 0:
            raise RuntimeError(f"the import failed: {done.stderr[-2000:]}")
        return Run(json.loads(report.read())["posts"], seconds, _cpu(url) - used)


def _cpu(url: str) -> float:
    """Processor time of the database and of the commands that have ended."""
    ended = os.times()
    return cpu_seconds([database_pid(url)]) + ended.children_user + ended.children_system
