"""A terminal for each kind of command."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.blocks import ROOT
from tests.documents.running import Checkout


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """An empty folder with a short path: sockets are made below it."""
    path = Path(tempfile.mkdtemp(prefix="ink-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A fresh clone in which nothing has been installed or started."""
    # Where kubectl is, if the machine has none.
    checkout = Checkout(tmp_path, PATH=f"{ROOT}/.venv/bin:{os.environ['PATH']}")
    checkout.clone()
    return checkout
