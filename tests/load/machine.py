"""Where it was measured."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.load.plan import ROOT


def machine() -> dict[str, Any]:
    """This machine, what runs on it, and how busy it was before."""
    return {
        "time": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1),
        "kernel": platform.release(),
        "load_average": round(os.getloadavg()[0], 2),
        "engine": _said("docker", "version", "--format", "{{.Server.Version}}"),
        "version": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", path.read_text()) if path.exists() else None
    return found[1] if found else platform.machine()


def _said(*command: str) -> str:
    """The first line of what a program says; nothing where it is not there."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.partition("\n")[0].strip()
