"""Load from wrk, and what it cost the servers by the kernel's books."""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 32
_SCRIPT = Path(__file__).with_name("wrk.lua")
_TICKS = os.sysconf("SC_CLK_TCK")

GZIP = ("Accept-Encoding: gzip",)
"""As every browser asks."""

Watched = Mapping[str, Iterable[int]]
"""What the processes are called in the results -> their ids."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of wrk; `cpu` is milliseconds of processor time for each request, by the name of what was watched."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu: dict[str, float]


def load(
    url: str,
    seconds: int,
    watched: Watched,
    *,
    connections: int = CONNECTIONS,
    headers: Sequence[str] = (),
    requests: Path | None = None,
) -> Sample:
    """Ask for one page as fast as it is answered; raises RuntimeError where an answer was no success.

    With a file of requests (wrk.lua says how it is written) those are sent, one after the other.
    """
    before = {name: cpu_seconds(pids) for name, pids in watched.items()}
    told = _wrk(url, seconds, connections, headers, requests)
    spent = {name: cpu_seconds(pids) - before[name] for name, pids in watched.items()}
    if told["failed"] or not told["requests"]:
        raise RuntimeError(f"{url}: {told['failed']} of {told['requests']} requests failed")
    return Sample(
        requests=told["requests"],
        per_second=told["requests"] / told["microseconds"] * 1e6,
        p50_ms=told["p50"] / 1000,
        p99_ms=told["p99"] / 1000,
        cpu={name: value * 1000 / told["requests"] for name, value in spent.items()},
    )


def _wrk(url: str, seconds: int, connections: int, headers: Sequence[str], requests: Path | None) -> dict[str, int]:
    asked = [f"-H{header}" for header in headers]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=10s", "-s", str(_SCRIPT), *asked, url]
    env = os.environ | ({"REQUESTS": str(requests)} if requests else {})
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    told: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return told


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that the processes have used since they started, all threads, in the kernel and outside."""
    return sum(_ticks(pid) for pid in pids) / _TICKS


def thread_times(pids: Iterable[int]) -> dict[Path, int]:
    """Nanoseconds of processor time of each thread that runs: for what takes less than a tick."""
    threads = (thread for pid in pids for thread in Path(f"/proc/{pid}/task").iterdir())
    return {thread: int((thread / "schedstat").read_text().split()[0]) for thread in threads}


def milliseconds_since(before: dict[Path, int], pids: Iterable[int]) -> float:
    """What the threads have used since; those that have ended meanwhile are left out."""
    return sum(time - before.get(thread, 0) for thread, time in thread_times(pids).items()) / 1e6


def _ticks(pid: int) -> int:
    # The name in brackets may hold spaces; user and system time are the 14th and 15th field (proc(5)).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
