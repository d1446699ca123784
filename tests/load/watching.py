"""What the containers use meanwhile: `docker stats`, in a thread."""

import json
import re
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import mean
from typing import Any, NamedTuple

# The cursor is moved, because a person is expected to look.
_CURSOR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_UNITS = {"B": 1e-6, "kB": 1e-3, "KiB": 1024e-6, "MB": 1.0, "MiB": 1024**2 / 1e6, "GiB": 1024**3 / 1e6}


class Sample(NamedTuple):
    """One container at one moment: processors, and MB."""

    time: float
    container: str
    cpu: float
    memory: float


class Watch:
    """The containers of one compose project."""

    def __init__(self, project: str) -> None:
        self.project = project
        self.samples: list[Sample] = []

    def take(self, line: str) -> None:
        """A line that docker stats has written."""
        text = _CURSOR.sub("", line).strip()
        if text.startswith("{"):
            found = json.loads(text)
            if found["Name"].startswith(f"{self.project}-") and found["CPUPerc"] != "--":
                self.samples.append(_sample(found))

    def used(self, start: float, end: float) -> tuple[dict[str, float], dict[str, float]]:
        """Processors and MB of each service between two moments: the means of its containers, added up."""
        containers: dict[str, list[Sample]] = defaultdict(list)
        for sample in self.samples:
            # What is told is the mean of the second before.
            if start + 1 <= sample.time <= end + 0.5:
                containers[sample.container].append(sample)
        cpu: dict[str, float] = defaultdict(float)
        memory: dict[str, float] = defaultdict(float)
        for name, samples in containers.items():
            service = name.removeprefix(f"{self.project}-").split("-")[0]
            cpu[service] += mean(sample.cpu for sample in samples)
            memory[service] += mean(sample.memory for sample in samples)
        return dict(cpu), dict(memory)


def _sample(found: dict[str, Any]) -> Sample:
    return Sample(time.time(), found["Name"], float(found["CPUPerc"].rstrip("%")) / 100, _megabytes(found["MemUsage"]))


def _megabytes(said: str) -> float:
    """Of what docker stats says, as "79.6MiB / 384MiB".

    >>> [round(_megabytes(said), 1) for said in ("79.6MiB / 384MiB", "1.304GiB / 23.54GiB", "0B / 0B")]
    [83.5, 1400.2, 0.0]
    """
    number, unit = re.match(r"([\d.]+)(\w+)", said).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit]


@contextmanager
def watch(project: str) -> Iterator[Watch]:
    """Look at the project's containers as long as this lasts."""
    watching = Watch(project)
    process = subprocess.Popen(
        ["docker", "stats", "--no-trunc", "--format={{json .}}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    thread = threading.Thread(target=_follow, args=(process, watching), daemon=True)
    thread.start()
    try:
        yield watching
    finally:
        process.kill()
        thread.join()
        process.wait()


def _follow(process: "subprocess.Popen[str]", watching: Watch) -> None:
    assert process.stdout
    for line in process.stdout:
        watching.take(line)
