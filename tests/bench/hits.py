"""How many readers are answered from nginx's cache when they read ten thousand posts by a long tail."""

import json
import math
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.bench import effort, fill
from tests.bench.results import Part
from tests.bench.servers import database, site

POSTS = 10_000
RATE = 2000
CONNECTIONS = 64
EXPONENTS = (1.0, 1.3)
ROUNDS = 3
SECONDS = 10
WARM_UP = 5
FRESH = 0.5
"""How long a copy is fresh on average: until the second ends in which it was made."""
STALE = 1.0
"""How long it is shown after that, while it is made anew."""
SCRIPT = Path(__file__).with_name("zipf.lua")
AT_ONCE = ("HIT", "STALE", "UPDATING")
"""What X-Cache says to those who did not wait for the application."""


def run(say: Callable[[str], None]) -> Part:
    """A few rounds for each exponent."""
    seeds = range(1, effort.of(ROUNDS, quick=1) + 1)
    part = Part("hits", f"{POSTS:,} posts read by a long tail")
    with database() as url:
        fill.fill(url, POSTS)
        with site(url) as front:
            front.wait("/")
            for exponent in EXPONENTS:
                say(f"exponent {exponent}")
                read(front.url, exponent, WARM_UP, 0)
                _add(part, exponent, [read(front.url, exponent, SECONDS, seed) for seed in seeds])
    return part


def read(url: str, exponent: float, seconds: int, seed: int) -> dict[str, float]:
    """What X-Cache said how often; raises RuntimeError where an answer was no success."""
    # An answer from the cache takes next to no time.
    pace = CONNECTIONS / RATE * 1000
    values = {"POSTS": POSTS, "ZIPF": exponent, "PACE": pace, "SEED": seed}
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout=10s", "-s", str(SCRIPT)]
    done = subprocess.run(
        [*command, "-H", "Accept-Encoding: gzip", url],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {name: str(value) for name, value in values.items()},
    )
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if failed := {key: count for key, count in told.items() if key.isdecimal()}:
        raise RuntimeError(f"{url}: {failed}")
    return told


def requests(told: dict[str, float]) -> float:
    return sum(count for key, count in told.items() if key != "seconds")


def hit_rate(told: dict[str, float]) -> float:
    """The part that did not wait for the application."""
    return _at_once(told) / requests(told)


def expected(exponent: float, rate: float) -> float:
    """The same by arithmetic, for readers who come independently of each other.

    A post that is asked for λ times a second has cycles: it is fetched, λ·FRESH readers get the copy, and so does
    the next one if he comes within STALE; else he waits.

    >>> round(expected(0.0, 1e9), 3), round(expected(0.0, 1.0), 3)
    (1.0, 0.0)
    """
    weights = [1 / n**exponent for n in range(1, POSTS + 1)]
    rates = [rate * weight / sum(weights) for weight in weights]
    waiting = sum(one * math.exp(-one * STALE) / (1 + one * FRESH) for one in rates)
    return 1 - waiting / rate


def _add(part: Part, exponent: float, rounds: list[dict[str, float]]) -> None:
    speeds = [requests(told) / told["seconds"] for told in rounds]
    part.figure(f"exponent {exponent}", "requests/s", speeds)
    part.figure(f"exponent {exponent}, from the cache", "of all", [hit_rate(told) for told in rounds])
    part.figure(f"exponent {exponent}, by arithmetic", "of all", [expected(exponent, speed) for speed in speeds])
    same = [told.get("REVALIDATED", 0) / max(1, requests(told) - _at_once(told)) for told in rounds]
    part.figure(f"exponent {exponent}, unchanged (304)", "of the rest", same)
    reached = part.median(f"exponent {exponent}, from the cache")
    part.goal(f"exponent {exponent}, from the cache", reached, "at least", 0.95, "")
    computed = reached / part.median(f"exponent {exponent}, by arithmetic")
    part.goal(f"exponent {exponent}, of what is computed", computed, "at least", 0.97)


def _at_once(told: dict[str, float]) -> float:
    return sum(told.get(key, 0) for key in AT_ONCE)
