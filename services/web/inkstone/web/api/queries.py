"""What may stand behind the question mark of an API address."""

from typing import Annotated

from pydantic import Field, StringConstraints

from inkstone.domain.comments import CommentStatus
from inkstone.domain.posts import Status
from inkstone.domain.validation import NO_NUL, Input, Text

Limit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, StringConstraints(max_length=100), NO_NUL]


class ListQuery(Input):
    """`before` is the `next` of the page before."""

    limit: Limit = 20
    before: Cursor | None = None


class PostsQuery(ListQuery):
    """Without `status` published posts; with it one's own (for administrators: everybody's) of that status."""

    tag: Annotated[str, StringConstraints(max_length=100), NO_NUL] | None = None
    status: Status | None = None


class CommentsQuery(ListQuery):
    """Comments to moderate, of one status."""

    status: CommentStatus = CommentStatus.HELD


class SearchQuery(ListQuery):
    """Words, Chinese, identifiers, and "phrases"; only the first 200 characters are looked at."""

    q: Text = ""


class MediaQuery(ListQuery):
    """One's own images; an administrator's: everybody's."""


class UploadQuery(Input):
    """The file's name, where the image is the body itself; it is kept as a description only."""

    name: Annotated[str, StringConstraints(max_length=255), NO_NUL] = ""
