"""What these tests run on: one container stack that they share and leave as it was, and machines of their own."""

import os
from collections.abc import Iterator

import pytest

from tests.stack.containers import Containers
from tests.stack.machine import Deployer, Machine


@pytest.fixture(scope="session")
def stack() -> Iterator[Containers]:
    """A stack with three replicas, built and started from nothing."""
    stack = Containers()
    try:
        stack.compose("--profile=*", "build")
        stack.start()
        yield stack
    finally:
        stack.end()


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine with nothing of ours on it; another Debian with BARE_SUITE=trixie."""
    machine = Machine(tmp_path_factory.mktemp("machine"), os.environ.get("BARE_SUITE", "bookworm"))
    try:
        machine.start()
        yield machine
    finally:
        machine.end()


@pytest.fixture(scope="module")
def deployer(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """Somebody who has its key."""
    return Deployer(machine, tmp_path_factory.mktemp("deployer"))


@pytest.fixture(scope="module")
def blog(machine: Machine, deployer: Deployer) -> Machine:
    """The same machine, set up."""
    said = deployer.does("setup", "--set", f"INKSTONE_SITE_URL=http://{machine.host}", user="root")
    assert f"Inkstone is at http://{machine.host}/" in said
    assert f"password {machine.secret('admin_password')}" in said
    assert "count from the next" not in said
    return machine
