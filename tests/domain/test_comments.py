"""Comments: what may be sent, what is held, and who moderates."""

from datetime import UTC, datetime

import pytest

from inkstone.domain.comments import Comment, CommentDraft, CommentStatus, Moderation, first_status
from inkstone.domain.errors import Invalid
from inkstone.domain.users import Role, User

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def user(user_id: str, role: Role) -> User:
    return User(user_id, None, user_id, role, "", NOW)


ADA, ALICE, BOB = user("ada", Role.ADMINISTRATOR), user("alice", Role.AUTHOR), user("bob", Role.AUTHOR)
CAROL, DAVE = user("carol", Role.READER), user("dave", Role.READER)


@pytest.mark.parametrize(
    ("author", "approved_before", "status"),
    [
        (ADA, False, CommentStatus.APPROVED),
        (ALICE, False, CommentStatus.APPROVED),
        (BOB, False, CommentStatus.HELD),
        (CAROL, False, CommentStatus.HELD),
        (CAROL, True, CommentStatus.APPROVED),
    ],
)
def test_who_is_trusted_below_alices_post(author, approved_before, status):
    assert first_status(author, "alice", approved_before=approved_before) is status


@pytest.mark.parametrize(
    ("who", "moderates", "deletes"),
    [(ADA, True, True), (ALICE, True, True), (BOB, False, False), (CAROL, False, True), (DAVE, False, False)],
)
def test_who_moderates_carols_comment_below_alices_post(who, moderates, deletes):
    texts = dict.fromkeys(("id", "post_id", "post_slug", "post_name", "author_name", "content", "html"), "x")
    comment = Comment(
        **texts, post_author_id="alice", author_id="carol", status=CommentStatus.HELD, created_at=NOW
    )  # fmt: skip

    assert comment.moderated_by(who) is moderates
    assert comment.deletable_by(who) is deletes


@pytest.mark.parametrize("content", ["", " \n\t", "x" * 10_001, "a\0b"])
def test_what_is_no_comment(content):
    with pytest.raises(Invalid) as caught:
        CommentDraft.parse({"content": content})

    assert list(caught.value.errors) == ["content"]


def test_a_comment_loses_only_the_space_around_it():
    assert CommentDraft.parse({"content": "\n *Yes*\n\n> 茶 🍵 \n"}).content == "*Yes*\n\n> 茶 🍵"


@pytest.mark.parametrize("status", ["", "deleted", "HELD"])
def test_a_moderator_chooses_among_three(status):
    assert {choice.value for choice in CommentStatus} == {"held", "approved", "spam"}
    with pytest.raises(Invalid):
        Moderation.parse({"status": status})
