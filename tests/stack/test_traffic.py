"""What the other tests count with: readers and writers beside a test"""

import pytest

from tests.native.stacks import wait_for
from tests.stack.containers import Containers
from tests.stack.traffic import assert_nothing_lost, comments_of, traffic

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.engine]


def test_all_is_well_while_nothing_happens(stack: Containers) -> None:
    with traffic(stack, readers=4, writers=2, pause=0.02) as flow:
        pass

    assert flow.failed_reads == [], flow.report
    assert {answer.status for answer in flow.writes} == {201}
    assert {answer.signed_in for answer in flow.reads} == {True, False}
    assert_nothing_lost(stack, flow)


def test_a_comment_that_is_gone_is_missed(stack: Containers) -> None:
    with traffic(stack, readers=0, writers=1) as flow:
        pass
    gone = flow.acknowledged[0]

    assert stack.api("DELETE", f"/api/comments/{gone.id}").status == 204

    with pytest.raises(AssertionError):
        assert_nothing_lost(stack, flow)


def test_a_comment_that_was_saved_twice_is_found(stack: Containers) -> None:
    with traffic(stack, readers=0, writers=1) as flow:
        pass
    twice = flow.acknowledged[0]

    again = stack.api("POST", f"/api/posts/{twice.post}/comments", {"content": twice.key})

    assert again.status == 201
    assert [comment["content"] for comment in comments_of(stack, twice.post)].count(twice.key) == 2
    with pytest.raises(AssertionError):
        assert_nothing_lost(stack, flow)


def test_what_is_refused_is_sent_again_with_its_key(stack: Containers) -> None:
    with traffic(stack, readers=2, writers=2) as flow:
        stack.signal("nginx")
        wait_for(lambda: any(not answer.status for answer in flow.writes))
        stack.compose("start", "nginx")
        wait_for(lambda: stack.serves("/readyz"))

    assert any(len(comment.answers) > 1 for comment in flow.acknowledged), flow.report
    assert any(not answer.status for answer in flow.failed_reads), flow.report
    assert_nothing_lost(stack, flow)
