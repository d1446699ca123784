"""What the kernel says of this process."""

import os
import resource
import time
from pathlib import Path

from inkstone.metrics.catalogue import Metrics

_SELF = Path("/proc/self")


class Process:
    """The process that it is made in."""

    def __init__(self) -> None:
        self._cpu = 0.0
        self._started = time.time() - _age()

    def look(self) -> tuple[int, int]:
        """Memory in bytes, and open files: what has to be read from files, as threads may."""
        pages = int((_SELF / "statm").read_text().split()[1])
        return pages * resource.getpagesize(), len(os.listdir(_SELF / "fd"))  # noqa: PTH208 - names are enough

    def tell(self, metrics: Metrics, seen: tuple[int, int]) -> None:
        """Note what was seen, and the rest."""
        cpu = time.process_time()
        metrics.cpu.by[()] += cpu - self._cpu
        self._cpu = cpu
        metrics.memory.by[()], metrics.files.by[()] = seen
        metrics.most_files.by[()] = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        metrics.started.by[()] = self._started
        metrics.processes.by[()] = 1


def _age() -> float:
    """Seconds since the process began: field 22 of stat(5) counts from the machine's start."""
    began = int((_SELF / "stat").read_text().rpartition(") ")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - began
