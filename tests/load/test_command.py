"""python -m tests.load: what it says where nothing can be measured"""

import subprocess
import sys
from pathlib import Path

from tests.native.stacks import ROOT, environment, free_port


def load(var: Path, **said: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tests.load"],
        cwd=ROOT,
        env=environment(VAR=str(var)) | {"PORT": "", "URL": "", "REPLICAS": ""} | said,
        check=False,
        capture_output=True,
        text=True,
    )


def refuses(done: "subprocess.CompletedProcess[str]", var: Path, word: str) -> None:
    """One line, and nothing is left."""
    assert done.returncode == 1, done
    assert done.stderr.startswith("load: "), done
    assert done.stderr.count("\n") == 1, done
    assert word in done.stderr
    assert [path for path in var.rglob("*") if path.is_file()] == []


def test_nonsense(tmp_path: Path) -> None:
    refuses(load(tmp_path, SCENARIOS="hot"), tmp_path, "hot")


def test_no_engine(tmp_path: Path) -> None:
    done = load(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/none")

    refuses(done, tmp_path, "no container engine answers")


def test_nobody_at_the_address(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    refuses(load(tmp_path, URL=url), tmp_path, f"{url} does not answer")
