"""The programs and libraries we need from the machine, and how a Debian gets them."""

import ctypes
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterable

from deploy.native.places import ROOT
from deploy.native.problems import ProblemError

# Program -> the Debian package that has it.
SERVERS = {
    "mariadbd": "mariadb-server-core",
    "mariadb-install-db": "mariadb-server-core",
    "my_print_defaults": "mariadb-client-core",
    "nginx": "nginx",
    "setpriv": "util-linux",
}
# What only some purposes need: the tests' browser, a library of the Node.js that Playwright brings to drive it,
# what Prometheus itself thinks of our metrics and alerts, and what documents tell people to type.
MORE = {
    "test": {
        "chromium": "chromium",
        "libatomic.so.1": "libatomic1",
        "promtool": "prometheus",
        "git": "git",
        "curl": "curl",
    },
    "bench": {"wrk": "wrk"},
}


def ensure(programs: dict[str, str]) -> None:
    """Have these programs and libraries, and Python's venv module, installing what is missing."""
    missing = _missing(programs)
    if not missing:
        return
    packages = sorted({programs.get(name, "python3-venv") for name in missing})
    _install(missing, packages)
    if still := _missing(programs):
        raise ProblemError(f"{_list(still)} still missing after installing {_list(packages)}: look at PATH")


def _missing(programs: Iterable[str]) -> list[str]:
    missing = [name for name in programs if not _there(name)]
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    return missing


def _there(name: str) -> bool:
    if ".so." not in name:
        return shutil.which(name) is not None
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _install(missing: list[str], packages: list[str]) -> None:
    if shutil.which("apt-get") is None:
        raise ProblemError(
            f"{_list(missing)} missing, and this is not Debian: install the packages that have them, "
            f"MariaDB 10.11 or newer and nginx 1.22 or newer (on Debian: {_list(packages)})"
        )
    prefix = _as_root()
    if prefix is None:
        raise ProblemError(f"{_list(missing)} missing: as root, apt-get install {' '.join(packages)}")
    print(f"Installing {_list(packages)} …", flush=True)
    script = str(ROOT / "deploy" / "install-packages.sh")
    if subprocess.run([*prefix, script, *packages], check=False).returncode != 0:
        raise ProblemError(f"apt-get could not install {_list(packages)} (its own words are above)")


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    return ["sudo"] if shutil.which("sudo") else None


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
