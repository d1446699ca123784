"""What is asked of a blog of any size: pages that show as much whatever the size, saving a post, and searches."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from inkstone.domain import folding
from inkstone.domain.posts import slugify
from tests.bench.crowd import Crowd, Sketch
from tests.bench.texts import Texts

PLACES = 24
"""How many pages of a kind are asked for, one after the other."""
_SAMPLE = 2_000
_RARE, _COMMON = 0.001, 0.01  # parts of all posts
_ENGLISH, _CHINESE = re.compile(r"[a-z]{3,}"), re.compile(r"[\u4e00-\u9fff]{2,}")
LANGUAGES = ("English", "Chinese")
QUERIES = 6
"""Of each language, number of words and frequency."""


@dataclass(frozen=True, slots=True)
class Page:
    """A kind of page and addresses of it; from `least` posts on, it shows as much as with a million."""

    name: str
    paths: list[str]
    signed_in: bool = False
    least: int = 100


class Sized:
    """The addresses of one blog."""

    def __init__(self, texts: Texts, size: int) -> None:
        self.texts, self.size = texts, size
        self.crowd = Crowd(texts, size)
        chance = random.Random(size)
        behind = (self.crowd.sketch(chance.randrange(size // 2, size * 4 // 5)) for _ in range(PLACES))
        self._behind = [post for post in behind if post.is_published]
        self._newest = [post for post in map(self.crowd.sketch, range(min(PLACES, size))) if post.is_published]

    def pages(self) -> list[Page]:
        """Each kind of page, near the list's beginning and far back in it."""
        tag, back = quote(slugify(self.texts.tags[0])), self._paths
        return [
            Page("home", ["/"]),
            Page("home, far back", back("/?before={cursor}")),
            Page("post", [_filled("/post/{slug}", post) for post in self._newest]),
            Page("post, far back", back("/post/{slug}")),
            Page("tag", [f"/tag/{tag}"]),
            Page("tag, far back", back(f"/tag/{tag}?before={{cursor}}"), least=10_000),
            Page("author", ["/author/Author%200"]),
            Page("author, far back", back("/author/Author%200?before={cursor}"), least=10_000),
            Page("archive", ["/archive"]),
            Page("month", back("/archive/{month}"), least=10_000),
            Page("feed", ["/feed.atom"]),
            Page("sitemap", ["/sitemap.xml"]),
            Page("manage posts", ["/manage/posts"], signed_in=True),
            Page("manage posts, far back", back("/manage/posts?before={id}"), signed_in=True, least=10_000),
            Page("manage drafts", ["/manage/posts?status=draft"], signed_in=True, least=10_000),
            Page("manage comments", ["/manage/comments?status=approved"], signed_in=True),
            Page("manage comments, far back", back("/manage/comments?status=approved&before={id}"), signed_in=True),
        ]

    def saved(self) -> str:
        """The id of the post that is saved again and again; nothing else shows it."""
        return self.crowd.sketch(PLACES + 1).id

    def _paths(self, pattern: str) -> list[str]:
        return [_filled(pattern, post) for post in self._behind]


def _filled(pattern: str, post: Sketch) -> str:
    return pattern.format(cursor=post.cursor, id=post.id, slug=quote(post.slug), month=f"{post.created:%Y-%m}")


def queries(texts: Texts) -> dict[str, list[str]]:
    """What people would search for, by what it is: words of posts' names, one or two of them, rare and frequent."""
    posts = [Crowd(texts, _SAMPLE).sketch(number) for number in range(_SAMPLE)]
    bags = [frozenset(word for words in _words(f"{post.name} {post.text}") for word in words) for post in posts]
    found: dict[str, list[str]] = {}
    chance = random.Random("queries")
    for post in chance.sample(posts, len(posts)):
        for language, words in zip(LANGUAGES, _words(post.name), strict=True):
            for wanted in (1, 2) if words else ():
                start = chance.randrange(len(words))
                # Neighbouring pairs of characters overlap; a person's two words do not.
                chosen = words[start :: 2 if language == "Chinese" else 1][:wanted]
                some = found.setdefault(
                    f"{language}, {len(chosen)} {'words' if len(chosen) > 1 else 'word'}, {_frequency(chosen, bags)}",
                    [],
                )
                if len(some) < QUERIES and " ".join(chosen) not in some:
                    some.append(" ".join(chosen))
    return dict(sorted(found.items()))


def _words(text: str) -> tuple[list[str], list[str]]:
    """English words, and Chinese ones: neighbours, as if each two characters were a word."""
    folded = folding.fold(text)
    chinese = [run[start : start + 2] for run in _CHINESE.findall(folded) for start in range(len(run) - 1)]
    return _ENGLISH.findall(folded), chinese


def _frequency(words: Sequence[str], bags: Sequence[frozenset[str]]) -> str:
    part = sum(all(word in bag for word in words) for bag in bags) / len(bags)
    return "rare" if part < _RARE else "common" if part > _COMMON else "middling"
