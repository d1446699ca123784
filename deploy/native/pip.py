"""pip, as all of ours is installed."""

from pathlib import Path

from deploy.native.places import PYTHON


def install(*arguments: str, python: Path = PYTHON) -> list[str]:
    """The command that installs into that Python's environment, and says nothing while all is well."""
    return [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments]


def locked(lock: Path, *arguments: str, python: Path = PYTHON) -> list[str]:
    """The command that installs what a lock file names, and nothing else."""
    return install("--require-hashes", *arguments, "--requirement", str(lock), python=python)
