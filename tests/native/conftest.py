"""Stacks for the tests: one that most of them share, and more where a test ends or breaks its own."""

import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.native.stacks import ROOT, Stack, environment, free_port


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder with a short path: sockets are made in it."""
    path = Path(tempfile.mkdtemp(prefix="ink-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def stack(folder: Path) -> Iterator[Stack]:
    """A running stack that many tests share: they leave it running."""
    stack = Stack(folder / "shared", free_port())
    stack.settings["METRICS_PORT"] = str(free_port())
    try:
        stack.start()
        yield stack
    finally:
        stack.end()


@pytest.fixture
def new_stack(folder: Path) -> Iterator[Callable[[str], Stack]]:
    """Make a stack of one's own, not yet started."""
    made = []

    def make(name: str) -> Stack:
        made.append(Stack(folder / name, free_port()))
        return made[-1]

    yield make
    for stack in made:
        stack.end()


@pytest.fixture
def refused() -> Callable[..., str]:
    """Run the stack, expect its refusal, and give the one line that it says."""

    def run(*, file_limit: int = 0, **more: str) -> str:
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

        done = subprocess.run(
            [sys.executable, "-P", "-m", "deploy.native", "run"],
            env=environment(**{"PORT": str(free_port()), "PYTHONPATH": str(ROOT)} | more),
            preexec_fn=limit if file_limit else None,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        lines = done.stderr.strip().splitlines()
        assert done.returncode == 1, done
        assert len(lines) == 1, done
        return lines[0]

    return run
