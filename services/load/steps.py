"""The load in steps: about half as many users again each time, until they bring no more requests."""

import math
import time

import settings
from locust import LoadTestShape
from measuring import Line, Window, failures, tell

GROWTH = 1.5
# Two steps in a row whose requests are not that many times the most so far have found the end of what the blog can do.
GAIN = 1.05
ENOUGH = 2
# Nobody waits that long for a page, in milliseconds; and more failures than these are not read about any more.
TOO_SLOW = 2000
TOO_MANY = 0.02
# Connections are made, caches filled.
SETTLE = 3.0


class Steps(LoadTestShape):
    """LOAD_STEPS of them at most, each of LOAD_SECONDS."""

    def __init__(self) -> None:
        super().__init__()
        self.number, self.users = 1, settings.USERS
        self.most, self.in_vain = 0.0, 0
        self.full: float | None = None
        self.window: Window | None = None
        self.failed: dict[str, int] = {}

    def tick(self) -> tuple[int, float] | None:
        """How many users there are to be; None at the end."""
        assert self.runner is not None  # noqa: S101 - Locust sets it before
        if self.full is None:
            # Workers look at the blog before their users do anything.
            self.full = time.time() if self.runner.stats.num_requests else None
        elif self.window is None and time.time() - self.full >= SETTLE:
            self.window = Window(self.runner, settings.SECONDS)
        elif self.window and self.window.over and self._end_step(self.window):
            return None
        if settings.PROGRESS:
            self._tell_progress()
        return self.users, self.users

    def _end_step(self, window: Window) -> bool:
        """Tell of the step; True where it was the last."""
        line = {"scenario": settings.SCENARIO, "step": self.number, "users": self.users, **window.counted()}
        line["failures"] = self._new_failures()
        gained = line["requests_per_second"] >= self.most * GAIN
        self.in_vain = 0 if gained else self.in_vain + 1
        self.most = max(self.most, line["requests_per_second"])
        last = self._why_last(line)
        tell(line | {"last": last})
        self.number, self.full, self.window = self.number + 1, None, None
        self.users = _more(self.users)
        return bool(last)

    def _why_last(self, line: Line) -> str:
        if sum(line["failures"].values()) > TOO_MANY * line["requests_per_second"] * settings.SECONDS:
            return "failures"
        if line["p95"] > TOO_SLOW:
            return "slow"
        if self.in_vain == ENOUGH:
            return "knee"
        return "steps" if self.number >= settings.STEPS else ""

    def _new_failures(self) -> dict[str, int]:
        """Those since the last step's end."""
        assert self.runner is not None  # noqa: S101 - for the type checker: Locust has set it by then
        before, self.failed = self.failed, failures(self.runner)
        new = {what: count - before.get(what, 0) for what, count in self.failed.items()}
        return {what: count for what, count in new.items() if count}

    def _tell_progress(self) -> None:
        assert self.runner is not None  # noqa: S101 - for the type checker: Locust has set it by then
        total = self.runner.stats.total
        now = {"users": self.users, "requests_per_second": total.current_rps, "failures": total.num_failures}
        tell({"progress": now | {"p95": total.get_current_response_time_percentile(0.95)}})


def _more(users: int) -> int:
    """The next step; a multiple of the first, so that the mix of users stays the same."""
    return math.ceil(users * GROWTH / settings.USERS) * settings.USERS
