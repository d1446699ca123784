"""What the API answers: the same models give the JSON and its description in /api/openapi.json."""

from datetime import datetime
from typing import Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from inkstone.domain.comments import Comment, CommentStatus
from inkstone.domain.posts import Post, Status
from inkstone.domain.users import Role, User
from inkstone.storage.media import Medium
from inkstone.storage.tags import Tag

Item = TypeVar("Item")


class Answer(BaseModel):
    """The base of everything that is answered."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Page(Answer, Generic[Item]):
    """A part of a list; `next` goes into `before` to get the next part, and is null at the end."""

    items: list[Item]
    next: str | None


class UserAnswer(Answer):
    """Somebody with an account; `email` is shown to administrators and to the user only."""

    id: str
    name: str
    email: str | None
    role: Role
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(id=user.id, name=user.name, email=user.email, role=user.role, created_at=user.created_at)


class AuthorAnswer(Answer):
    """Who wrote something, as everybody may see it."""

    id: str
    name: str


class PostAnswer(Answer):
    """A whole post: `content` is Markdown as written, `html` what became of it."""

    id: str
    slug: str
    name: str
    summary: str
    content: str
    html: str
    status: Status
    tags: tuple[str, ...]
    author: AuthorAnswer
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    comment_count: int

    @classmethod
    def of(cls, post: Post, now: datetime) -> Self:
        return cls(
            id=post.id,
            slug=post.slug,
            name=post.name,
            summary=post.summary,
            content=post.content,
            html=post.html,
            status=post.status(now),
            tags=post.tags,
            author=AuthorAnswer(id=post.author_id, name=post.author_name),
            published_at=post.published_at,
            created_at=post.created_at,
            updated_at=post.updated_at,
            version=post.version,
            comment_count=post.comment_count,
        )


class CommentAnswer(Answer):
    """A comment; readers get approved ones only."""

    id: str
    post_id: str
    author: AuthorAnswer
    content: str
    html: str
    status: CommentStatus
    created_at: datetime

    @classmethod
    def of(cls, comment: Comment) -> Self:
        return cls(
            id=comment.id,
            post_id=comment.post_id,
            author=AuthorAnswer(id=comment.author_id, name=comment.author_name),
            content=comment.content,
            html=comment.html,
            status=comment.status,
            created_at=comment.created_at,
        )


class TagAnswer(Answer):
    """A tag and how many posts have it."""

    slug: str
    name: str
    posts: int

    @classmethod
    def of(cls, tag: Tag) -> Self:
        return cls(slug=tag.slug, name=tag.name, posts=tag.posts)


class MediumAnswer(Answer):
    """An image that is stored; `bytes` is its size, and what is at `url` never changes."""

    id: str
    url: str
    type: str
    width: int
    height: int
    bytes: int
    name: str
    created_at: datetime

    @classmethod
    def of(cls, medium: Medium) -> Self:
        return cls(
            id=medium.id,
            url=medium.url,
            type=medium.type,
            width=medium.width,
            height=medium.height,
            bytes=medium.bytes,
            name=medium.name,
            created_at=medium.created_at,
        )


class HitAnswer(Answer):
    """A post that was found; `snippet` is HTML with the matches in <mark>."""

    id: str
    slug: str
    name: str
    snippet: str
    published_at: datetime | None


class ProblemField(Answer):
    """What is wrong with one field; "" stands for the whole."""

    field: str
    message: str


class Problem(Answer):
    """Problem details (RFC 9457); `current` is the stored post where a change was based on an older one.

    `request_id` is what the log calls the request.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemField] = Field(default_factory=list)
    request_id: str | None
    current: PostAnswer | None = None
