"""What was answered between two moments, out of Locust's running totals."""

import json
import math
import re
import sys
import time
from typing import Any

from locust import runners
from locust.runners import MasterRunner, Runner
from locust.stats import StatsEntry, calculate_response_time_percentile

# Workers tell the master what they did this often, and the processor's use is looked at this often, in seconds.
runners.WORKER_REPORT_INTERVAL = 0.5
runners.CPU_MONITOR_INTERVAL = 2.0

Line = dict[str, Any]
Times = dict[int, int]


class Window:
    """Opens now, for a number of whole seconds from the next one."""

    def __init__(self, runner: Runner, seconds: int) -> None:
        self.runner = runner
        self.start = math.ceil(time.time())
        self.end = self.start + seconds
        self.before = {key: dict(entry.response_times) for key, entry in runner.stats.entries.items()}

    @property
    def over(self) -> bool:
        """True when all that belongs into it has been told."""
        late = 2.0 if isinstance(self.runner, MasterRunner) else 0.0
        return time.time() >= self.end + late

    def counted(self) -> Line:
        """Requests a second, and how many milliseconds the slowest of so many took."""
        total = self.runner.stats.total
        answered = sum(total.num_reqs_per_sec.get(second, 0) for second in range(self.start, self.end))
        pages = {" ".join(reversed(key)): self._times(key, entry) for key, entry in self.runner.stats.entries.items()}
        return {
            "start": self.start,
            "seconds": self.end - self.start,
            "requests_per_second": answered / (self.end - self.start),
            **_percentiles(_added(pages.values())),
            "pages": {name: {"requests": sum(times.values()), **_percentiles(times)} for name, times in pages.items()},
            "client_cpu": _busiest(self.runner),
        }

    def _times(self, key: tuple[str, str], entry: StatsEntry) -> Times:
        before = self.before.get(key, {})
        return {time: count - before.get(time, 0) for time, count in entry.response_times.items()}


def failures(runner: Runner) -> dict[str, int]:
    """How often each failure came so far; Locust tells apart every address that answered 503."""
    found: dict[str, int] = {}
    for one in runner.stats.errors.values():
        status = re.search(r"\bcode=([1-9]\d*)", str(one.error))
        what = f"{one.method} {one.name}: {status[1] if status else one.error}"
        found[what] = found.get(what, 0) + one.occurrences
    return found


def tell(line: Line) -> None:
    """A line of JSON for whoever counts."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _added(histograms: Any) -> Times:
    total: Times = {}
    for times in histograms:
        for milliseconds, count in times.items():
            total[milliseconds] = total.get(milliseconds, 0) + count
    return total


def _percentiles(times: Times) -> dict[str, int]:
    count = sum(times.values())
    return {f"p{part}": calculate_response_time_percentile(times, count, part / 100) for part in (50, 95, 99)}


def _busiest(runner: Runner) -> float:
    """How much of a processor the busiest process of the load generator uses, 1 being all of it."""
    if isinstance(runner, MasterRunner):
        return max((client.cpu_usage for client in runner.clients.values()), default=0) / 100
    return runner.current_cpu_usage / 100
