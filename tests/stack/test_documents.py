"""What the documents say about containers, typed in a fresh clone"""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.documents.blocks import Block, blocks, documents, group
from tests.documents.running import Checkout
from tests.native.stacks import free_port
from tests.stack.containers import ROOT, Containers

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]

NAME = "blog.example.org"


@pytest.fixture(scope="module")
def own() -> Iterator[Containers]:
    """A stack of its own, of which nothing is there yet."""
    own = Containers()
    try:
        yield own
    finally:
        own.end()


@pytest.fixture(scope="module")
def terminal(own: Containers, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """On a person's machine."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(ROOT / "docs/example", home / "posts")
    terminal = Checkout(home, {"PORT=9000": f"PORT={free_port()}"}, **said(own))
    terminal.clone()
    return terminal


@pytest.fixture(scope="module")
def server(own: Containers, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """On a server that has the name and the ports to itself; docs/production.md begins with a clone."""
    home = tmp_path_factory.mktemp("server")
    http, https = str(free_port()), str(free_port())
    variables = said(own) | environment_file() | {"HTTP_PORT": http, "HTTPS_PORT": https, "LISTEN": "127.0.0.1"}
    server = Checkout(home, **variables)
    with (home / ".curlrc").open("a") as curl:
        curl.write(
            f'insecure\nconnect-to = "{NAME}:80:127.0.0.1:{http}"\nconnect-to = "{NAME}:443:127.0.0.1:{https}"\n'
        )
    if os.geteuid() == 0 and not shutil.which("sudo"):
        (home / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
        (home / "sudo").chmod(0o755)
        server.variables["PATH"] = f"{home}:{server.variables['PATH']}"
    return server


def said(own: Containers) -> dict[str, str]:
    """What keeps the stack apart from others."""
    names = ("COMPOSE_PROJECT_NAME", "COMPOSE_DISABLE_ENV_FILE", "IMAGE_TAG", "PORT", "LISTEN")
    return {name: own.environment[name] for name in names}


def environment_file() -> dict[str, str]:
    """The file .env as docs/production.md has it."""
    files = [block for path in documents() for block in blocks(path) if "from .env" in block.how]
    assert len(files) == 1
    return dict(line.split("=", 1) for line in files[0].text.splitlines())


@pytest.mark.parametrize("block", group("compose"), ids=str)
def test_commands_for_one_machine(block: Block, terminal: Checkout) -> None:
    terminal.run(block)


@pytest.mark.parametrize("block", [block for block in group("production") if block.language == "sh"], ids=str)
def test_commands_for_a_public_server(block: Block, server: Checkout) -> None:
    server.run(block)
