"""One container stack that all of these tests share: each leaves it as it was."""

from collections.abc import Iterator

import pytest

from tests.stack.containers import Containers


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
