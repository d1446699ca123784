"""New containers in place of old ones, more of them and fewer, while readers read and writers write"""

import pytest

from tests.stack.containers import Containers
from tests.stack.traffic import assert_nobody_noticed, traffic

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


def test_three_rolls_lose_no_request(stack: Containers) -> None:
    stack.start(2)
    seen = set(stack.containers("web"))
    try:
        with traffic(stack, readers=12, writers=8, pause=0.03) as flow:
            for _ in range(3):
                stack.run("make", "roll")
                new = set(stack.containers("web"))
                assert len(new) == 2
                assert not new & seen
                seen |= new
    finally:
        stack.start()

    assert_nobody_noticed(stack, flow)


def test_scaling_up_and_down_loses_no_request(stack: Containers) -> None:
    stack.start(2)
    try:
        with traffic(stack, readers=12, writers=8, pause=0.03) as flow:
            stack.start(4)
            assert len(stack.containers("web")) == 4
            stack.start(2)
            assert len(stack.containers("web")) == 2
    finally:
        stack.start()

    assert_nobody_noticed(stack, flow)


def test_a_release_that_does_not_start_replaces_nothing(stack: Containers) -> None:
    before = stack.containers("web")

    done = stack.attempt("make", "roll", INKSTONE_WORKERS="many")

    assert done.returncode != 0
    assert "INKSTONE_WORKERS makes no sense" in done.stderr
    assert "the old ones still serve" in done.stderr
    assert set(stack.containers("web")) == set(before)
    assert stack.serves("/readyz")
