"""`python -m tests.bench [--quick] [part …]`: the parts that are named, or all of PARTS."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    cache,
    containers,
    effort,
    growth,
    hits,
    importing,
    origin,
    picture,
    process,
    report,
    soak,
    writes,
)
from tests.bench.results import Part
from tests.servers import ROOT

PARTS: dict[str, Callable[[Callable[[str], None]], Part]] = {
    "origin": origin.run,
    "cache": cache.run,
    "containers": containers.run,
    "growth": growth.run,
    "process": process.run,
    "import": importing.run,
    "writes": writes.run,
    "hits": hits.run,
    "soak": soak.run,
}
# They take a minute each whatever is left out.
LONG = {"containers", "hits", "soak"}
QUICK = "--quick"


def main(words: list[str]) -> int:
    """Measure, and leave the results under VAR/bench; a goal that is missed is no failure."""
    names = [word for word in words if word != QUICK]
    if QUICK in words:
        effort.hurry()
        names = names or [name for name in PARTS if name not in LONG]
    if unknown := [name for name in names if name not in PARTS]:
        sys.stderr.write(f"bench: there is no part {', '.join(unknown)}: choose from {', '.join(PARTS)}\n")
        return 2
    folder = Path(os.environ.get("VAR") or ROOT / "var") / "bench"
    where, parts = report.machine() | {"quick": effort.in_a_hurry()}, []
    for name in names or PARTS:
        parts.append(_run(name))
        report.write(folder / "latest.json", where, parts)
        (folder / f"{name}.svg").write_text(picture.draw(parts[-1]))
        print(report.table(parts[-1]), flush=True)
    print(f"\nAll rounds are in {folder / 'latest.json'}, a picture of each part beside it")
    return 0


def _run(name: str) -> Part:
    began = time.monotonic()
    return PARTS[name](lambda what: print(f"{time.monotonic() - began:5.0f} s  {name}: {what}", flush=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
