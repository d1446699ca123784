"""Posts: what an author sends, what is stored, and who may change it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from inkstone.domain.errors import Invalid
from inkstone.domain.users import User
from inkstone.domain.validation import NO_NUL, Input

Status = Literal["draft", "scheduled", "published"]

MAX_CONTENT = 1_000_000
MAX_TAGS = 20

# What many scripts write their vowels with, over, under or beside a letter; not what only chooses a letter's shape.
_UNSEEN = {"\u034f", "\u180b", "\u180c", "\u180d", "\u180f", *map(chr, range(0xFE00, 0xFE10))}
_MARKS = "".join(
    mark
    for mark in map(chr, range(0x300, 0x10000))
    if unicodedata.category(mark) in {"Mn", "Mc"} and mark not in _UNSEEN
)
# Neither a letter nor a digit, nor marks that follow one.
_PARTING = re.compile(rf"(?:[^\w.{_MARKS}]|(?<![^\W_])(?<![{_MARKS}])[{_MARKS}]+)+")


def slugify(name: str) -> str:
    """The last part of a URL for a name, in any script.

    >>> slugify("Announcing Rust 1.58.0!")
    'announcing-rust-1.58.0'
    >>> slugify("蚂蚁  金服")
    '蚂蚁-金服'
    >>> slugify("हिन्दी में")
    'हिन्दी-में'
    >>> slugify("?!")
    ''
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return _PARTING.sub("-", text)[:100].strip("-._")


def _proper_slug(slug: str) -> str:
    if slug != slugify(slug):
        raise PydanticCustomError("slug", "A slug is made of lower-case letters, digits, dots and single hyphens.")
    return slug


def _proper_tag(tag: str) -> str:
    if not slugify(tag):
        raise PydanticCustomError("tag", "A tag needs a letter or a digit.")
    return tag


def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    distinct: dict[str, str] = {}
    for tag in tags:
        distinct.setdefault(slugify(tag), tag)
    if len(distinct) > MAX_TAGS:
        raise PydanticCustomError("tags", "A post has at most {most} tags.", {"most": MAX_TAGS})
    return tuple(distinct.values())


def _storable_time(time: datetime) -> datetime:
    """MySQL's DATETIME has no zone and ends with the year 9999; UTC is what we keep."""
    try:
        utc = time.astimezone(UTC)
    except OverflowError:
        utc = datetime.min.replace(tzinfo=UTC)
    if utc.year < 1000:
        raise PydanticCustomError("time", "A time lies between the years 1000 and 9999.")
    return utc


Time = Annotated[AwareDatetime, AfterValidator(_storable_time)]
Tag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50), NO_NUL, AfterValidator(_proper_tag)
]


class Draft(Input):
    """A post as its author sends it; `content` is Markdown and kept as written."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), NO_NUL]
    summary: Annotated[str, StringConstraints(max_length=1000), NO_NUL] = ""
    content: Annotated[str, StringConstraints(max_length=MAX_CONTENT), NO_NUL] = ""
    tags: Annotated[tuple[Tag, ...], AfterValidator(_distinct)] = ()
    status: Status = "draft"
    published_at: Time | None = None
    slug: (
        Annotated[str, StringConstraints(min_length=1, max_length=100), NO_NUL, AfterValidator(_proper_slug)] | None
    ) = None

    @model_validator(mode="after")
    def _scheduled_for_when(self) -> Self:
        if self.status == "scheduled" and self.published_at is None:
            raise Invalid({"published_at": "Say when it is to appear."})
        return self

    def publication(self, now: datetime, before: datetime | None = None) -> datetime | None:
        """When the post is to appear: None for a draft; else the time that was sent, or it did `before`, or now."""
        if self.status == "draft":
            return None
        return self.published_at or min(before or now, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaser:
    """A post as lists show it."""

    id: str
    slug: str
    name: str
    summary: str
    excerpt: str
    tags: tuple[str, ...]
    author_id: str
    author_name: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    comment_count: int

    @property
    def state(self) -> tuple[object, ...]:
        """Another one whenever anything that readers see of the post is another."""
        # With the time: after a restore from a backup, the same number may be given to another text.
        return self.id, self.version, self.updated_at, self.author_name, self.comment_count

    def status(self, now: datetime) -> Status:
        """Derived and never stored, so that a post appears on time without a job that moves it."""
        if self.published_at is None:
            return "draft"
        return "published" if self.published_at <= now else "scheduled"

    def editable_by(self, user: User | None) -> bool:
        return user is not None and (user.is_administrator or (user.may_write and user.id == self.author_id))

    def visible_to(self, user: User | None, now: datetime) -> bool:
        return self.status(now) == "published" or self.editable_by(user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Teaser):
    """A whole post."""

    content: str
    html: str

    def is_as_in(self, draft: Draft, now: datetime) -> bool:
        """True where saving the draft would change nothing."""
        wished = (draft.slug or self.slug, draft.name, draft.summary, draft.content, draft.tags)
        stored = (self.slug, self.name, self.summary, self.content, self.tags)
        return stored == wished and self.published_at == draft.publication(now, before=self.published_at)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is derived from a draft when it is saved, so that no reader waits for it."""

    html: str
    excerpt: str
    text: str
    name_tokens: str
    tokens: str
