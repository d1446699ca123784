"""Comments and their moderation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from inkstone.domain.users import User
from inkstone.domain.validation import NO_NUL, Input


class CommentStatus(StrEnum):
    """Where a comment stands: only approved ones are shown to readers."""

    HELD = "held"
    APPROVED = "approved"
    SPAM = "spam"


class CommentDraft(Input):
    """A comment as its author sends it; Markdown."""

    content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), NO_NUL]


class Moderation(Input):
    """What a moderator sends."""

    status: CommentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment with what is needed to show it away from its post."""

    id: str
    post_id: str
    post_slug: str
    post_name: str
    post_author_id: str
    author_id: str
    author_name: str
    content: str
    html: str
    status: CommentStatus
    created_at: datetime

    @property
    def state(self) -> tuple[str, str]:
        """As a post's; the text of a comment never changes."""
        return self.id, self.author_name

    def moderated_by(self, user: User) -> bool:
        """Administrators moderate everything, authors what stands below their own posts."""
        return user.is_administrator or (user.may_write and user.id == self.post_author_id)

    def deletable_by(self, user: User) -> bool:
        return self.moderated_by(user) or user.id == self.author_id


def first_status(author: User, post_author_id: str, *, approved_before: bool) -> CommentStatus:
    """What a new comment starts as: who writes here, or was approved before, isn't held."""
    trusted = author.is_administrator or author.id == post_author_id or approved_before
    return CommentStatus.APPROVED if trusted else CommentStatus.HELD
