"""What the documents say about the native stack, typed in a fresh clone from the README's first line on"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.blocks import ROOT, Block, group
from tests.documents.running import Checkout
from tests.native.stacks import Stack, free_port

pytestmark = pytest.mark.xdist_group("documents")


@pytest.fixture(scope="module")
def terminal(home: Path) -> Iterator[Checkout]:
    """Before the README: another blog's posts lie about, and nothing is installed."""
    port = free_port()
    replacing = {
        "127.0.0.1:8080": f"127.0.0.1:{port}",
        "PORT=9000": f"PORT={free_port()}",
        "METRICS_PORT=9001": f"METRICS_PORT={free_port()}",
    }
    for folder in ("my-old-blog/content", "posts"):
        shutil.copytree(ROOT / "docs/example", home / folder)
    terminal = Checkout(home, replacing, PORT=str(port))
    try:
        yield terminal
        terminal.end()
    finally:
        for var in ("inkstone/var", "second"):
            Stack(home / var, port).end()


@pytest.mark.parametrize("block", group("native"), ids=str)
def test_commands_do_what_they_are_there_for(block: Block, terminal: Checkout) -> None:
    terminal.run(block)
