"""A blog with any number of posts: what its rows are, by the number of a post; the newest post has number 0.

The newest posts are the same in a blog of any size, so that its first pages can be compared. All blogs are equally old:
what they have more of is posts, and not months.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

from pymysql.converters import escape_string

from inkstone.domain import markdown, search
from inkstone.domain.posts import slugify
from inkstone.storage.new_posts import as_json
from tests.bench.texts import Paragraph, Texts

VERSION = 2
"""To be raised with each change of what is written: blogs that were kept are made anew."""
NEWEST = datetime(2025, 12, 1, 12, tzinfo=UTC)
AGE = timedelta(days=8 * 365)
FAR_AWAY = datetime(2125, 12, 1, tzinfo=UTC)
COMMENTS = 5
ADMINISTRATOR = "f" * 32
AUTHORS = tuple(f"a{number:031x}" for number in range(20))
READERS = tuple(f"b{number:031x}" for number in range(200))
_LENGTH = 400  # of a post's Markdown, in bytes, at least
_ENOUGH = timedelta(minutes=10)


@dataclass(slots=True)
class Rows:
    """Rows of each table as SQL, and what the counters of tags and months go up by."""

    posts: list[str] = field(default_factory=list)
    post_tags: list[str] = field(default_factory=list)
    post_search: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    tags: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Sketch:
    """A post that has not been written down yet."""

    number: int
    created: datetime
    author: str
    tags: tuple[str, ...]
    paragraphs: tuple[Paragraph, ...]
    commenters: tuple[str, ...]
    statuses: tuple[str, ...]

    @property
    def published(self) -> datetime | None:
        """One in 50 is a draft, one in 5,000 is still to come."""
        if self.number % 50 == 49:
            return None
        return FAR_AWAY + timedelta(minutes=self.number) if self.number % 5000 == 33 else self.created

    @property
    def is_published(self) -> bool:
        return self.published == self.created

    @property
    def id(self) -> str:
        """As if it had been made when the post was."""
        return _id(self.created, self.number)

    @property
    def cursor(self) -> str:
        """The cursor of the list that goes on behind this post."""
        return f"{int(self.created.timestamp() * 1_000_000)}.{self.id}"

    @property
    def name(self) -> str:
        return self.paragraphs[0].name

    @property
    def slug(self) -> str:
        return f"{self.paragraphs[0].slug}-{self.number}"

    @property
    def content(self) -> str:
        return "\n\n".join(paragraph.content for paragraph in self.paragraphs)

    @property
    def html(self) -> str:
        return "".join(paragraph.html for paragraph in self.paragraphs)

    @property
    def text(self) -> str:
        return "\n".join(paragraph.text for paragraph in self.paragraphs)

    @property
    def name_tokens(self) -> str:
        return self.paragraphs[0].name_tokens

    @property
    def tokens(self) -> str:
        """Those of the application, but that single characters come once for each paragraph."""
        tags = (_tokens(tag) for tag in self.tags)
        return " ".join([self.name_tokens, *tags, *(paragraph.tokens for paragraph in self.paragraphs)])

    @property
    def searched(self) -> tuple[str, str, str]:
        """What the search has of it; of a draft nothing."""
        return (self.name_tokens, self.tokens, self.text) if self.published else ("", "", "")


class Crowd:
    """A blog of `size` posts."""

    def __init__(self, texts: Texts, size: int) -> None:
        self._texts = texts
        self._step = AGE / size
        self._tags = _falling(len(texts.tags))

    def sketch(self, number: int) -> Sketch:
        """The post of this number, the same each time."""
        chance = random.Random(number)
        paragraphs = tuple(self._paragraphs(chance))
        tags = chance.choices(self._texts.tags, cum_weights=self._tags, k=chance.randint(1, 3))
        return Sketch(
            number=number,
            created=NEWEST - number * self._step,
            author=chance.choices(AUTHORS, cum_weights=_AUTHORS)[0],
            tags=tuple(dict.fromkeys(tags)),
            paragraphs=paragraphs,
            commenters=tuple(chance.choices(READERS, cum_weights=_READERS, k=COMMENTS)),
            statuses=tuple(chance.choices(("approved", "held", "spam"), (97, 2, 1), k=COMMENTS)),
        )

    def rows(self, numbers: range) -> Rows:
        """All rows that the posts of these numbers have."""
        rows = Rows()
        for number in reversed(numbers):  # the oldest first, in the order of their ids
            self._add(rows, self.sketch(number))
        return rows

    def _paragraphs(self, chance: random.Random) -> Iterator[Paragraph]:
        """Neighbours of one story, and perhaps of others in the same language."""
        stories = chance.choice(self._texts.stories)
        length = 0
        while length < _LENGTH:
            story = chance.choice(stories)
            start = chance.randrange(len(story))
            some = story[start : start + chance.randint(1, 3)]
            yield from some
            length += sum(len(paragraph.content.encode()) for paragraph in some)

    def _add(self, rows: Rows, post: Sketch) -> None:
        published = _time(post.published) if post.published else None
        created = _time(post.created)
        count = post.statuses.count("approved") if post.is_published else 0
        excerpt = markdown.excerpt(post.text)
        written = (post.slug, post.name, "", excerpt, post.content, post.html, as_json(post.tags))
        rows.posts.append(_row((post.id,), written, (post.author, published, created, created, "1", str(count))))
        rows.post_search.append(_row((post.id,), post.searched))
        rows.post_tags += [_row((), (_slug(tag),), (post.id, published)) for tag in sorted(post.tags)]
        if post.is_published:
            rows.comments += self._talk(post)
        if post.published:
            rows.tags.update(post.tags)
            rows.months[f"{post.published:%Y-%m}"] += 1

    def _talk(self, post: Sketch) -> Iterator[str]:
        for place, (by, status) in enumerate(zip(post.commenters, post.statuses, strict=True)):
            when = post.created + min(_ENOUGH, self._step) * (place + 1) / (COMMENTS + 1)
            said = post.paragraphs[place % len(post.paragraphs)]
            comment_id = _id(when, post.number * COMMENTS + place)
            yield _row((comment_id, post.id, post.author, by), (said.comment, said.comment_html), (status, _time(when)))


def _falling(ranks: int) -> list[float]:
    """Weights for things the first of which is met most often."""
    return list(accumulate(1 / rank for rank in range(3, ranks + 3)))


_AUTHORS, _READERS = _falling(len(AUTHORS)), _falling(len(READERS))


_slug, _tokens = cache(slugify), cache(search.tokens)  # of tags, which are few


def _id(moment: datetime, number: int) -> str:
    return f"{int(moment.timestamp() * 1000):012x}7{number:019x}"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _row(before: Sequence[str], written: Sequence[str], after: Sequence[str | None] = ()) -> str:
    """SQL of one row; of the three parts only the middle one may hold what has to be escaped."""
    literals = [
        *(f"'{value}'" for value in before),
        *("'" + escape_string(value) + "'" for value in written),
        *("NULL" if value is None else f"'{value}'" for value in after),
    ]
    return f"({','.join(literals)})"
