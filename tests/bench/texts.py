"""Paragraphs to make posts of: the corpus's, rendered once, or made-up ones whose words are as frequent as in life."""

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Any

from inkstone.domain import markdown, search
from inkstone.domain.posts import slugify
from inkstone.importer import front_matter, source

TAGS = 400
_ROOM = range(100, 700)  # bytes
_MADE_UP, _PARAGRAPHS, _WORDS = 300, 12, 8000
_PLAIN = re.compile(r"\w[^<>{}|$\\\[\]]*", re.S)
_NAME = re.compile(r"[\w'’ -]{3,60}")
_SYLLABLES = "ba co di fu ge ha ji ko lu me no pi qua ri so ta ul ve wa yo zi"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Markdown, and all that is stored of it, made once; its post may be called `name`, and a comment ask for that."""

    name: str
    slug: str
    name_tokens: str
    content: str
    html: str
    text: str
    tokens: str
    comment: str
    comment_html: str

    @classmethod
    def made_from(cls, content: str) -> "Paragraph":
        html = markdown.render(content)
        text = markdown.plain_text(html)
        match = _NAME.match(text)
        name = match[0].strip() if match else text[:30].strip()
        comment = f"{name}?"
        derived = html, text, search.tokens(text), comment, markdown.render_comment(comment)
        return cls(name, slugify(name), search.tokens(name), content, *derived)


@dataclass(frozen=True, slots=True)
class Texts:
    """Stories, each the paragraphs of one post in their order, by language; and tags, the most frequent first."""

    stories: tuple[tuple[tuple[Paragraph, ...], ...], ...]
    tags: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Other texts have another one."""
        return sha256(repr(self).encode()).hexdigest()


def read(folders: Sequence[Path]) -> Texts:
    """What the posts of these folders are made of, a language each; made up where there are none."""
    if not folders:
        return made_up()
    used: Counter[str] = Counter()
    stories = tuple(tuple(_stories(folder, used)) for folder in folders)
    return Texts(tuple(some for some in stories if some), _tags(used))


def _stories(folder: Path, used: Counter[str]) -> Iterator[tuple[Paragraph, ...]]:
    for found in source.walk(folder):
        if found.reason is None:
            front, body = _split(found.path)
            used.update(str(tag) for tag in front.get("tags") or [] if slugify(str(tag)) and len(str(tag)) <= 50)
            if story := _story(re.split(r"\n\s*\n", body)):
                yield story


def _split(path: Path) -> tuple[Mapping[str, Any], str]:
    try:
        front, body = front_matter.split(path.read_text(errors="replace").replace("\r\n", "\n"))
    except front_matter.FrontMatterError:
        return {}, ""
    return front or {}, body


def _story(blocks: Iterable[str]) -> tuple[Paragraph, ...]:
    """Of a post's blocks those that are the same wherever they stand: paragraphs without links and HTML."""
    plain = (block.strip() for block in blocks)
    made = (Paragraph.made_from(block) for block in plain if len(block.encode()) in _ROOM and _PLAIN.fullmatch(block))
    return tuple(one for one in made if one.html.startswith("<p>") and one.html.count("<p>") == 1)


def made_up() -> Texts:
    """The same each time: words of an alphabet, and Chinese ones, whose frequency falls with their rank."""
    chance = random.Random("words")
    latin = ["".join(chance.choices(_SYLLABLES.split(), k=chance.randint(1, 4))) for _ in range(_WORDS)]
    chinese = ["".join(map(chr, chance.choices(range(0x4E00, 0x5200), k=2))) for _ in range(_WORDS // 2)]
    languages = [_made_up(chance, latin, " ", 50), _made_up(chance, chinese, "", 60)]
    return Texts(tuple(languages), _tags(Counter(latin[-50:] + chinese[-50:])))


def _made_up(chance: random.Random, words: list[str], space: str, length: int) -> tuple[tuple[Paragraph, ...], ...]:
    weights = list(accumulate(1 / rank for rank in range(3, len(words) + 3)))

    def paragraph() -> str:
        return space.join(chance.choices(words, cum_weights=weights, k=chance.randint(length // 2, length * 3 // 2)))

    return tuple(_story(paragraph() for _ in range(_PARAGRAPHS)) for _ in range(_MADE_UP))


def _tags(used: Counter[str]) -> tuple[str, ...]:
    """As many as a large blog has, each with a slug of its own."""
    names = [*(tag for tag, _ in used.most_common(TAGS)), *(f"Topic {number}" for number in range(1, TAGS + 1))]
    return tuple({slugify(name): name for name in reversed(names)}.values())[::-1][:TAGS]
