"""The passage of a text that fits a search best, with the words that were searched for marked."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import islice

from inkstone.domain.folding import UNSPACED, composed, fold_in_place

_MAX_SCANNED = 200_000
_MAX_MARKS = 500
_WORD_END = re.compile(rf"[{UNSPACED}]|\W")


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    end: int
    word: str


def best(text: str, words: Sequence[str], limit: int) -> str:
    """The passage of about `limit` characters with most of the (folded) words in it, as HTML."""
    text = " ".join(composed(text[:_MAX_SCANNED]).split())
    marks = _marks(text, words)
    start, end = _passage(text, marks, limit)
    shown = [mark for mark in marks if start <= mark.start and mark.end <= end]
    return ("…" if start else "") + _html(text, start, end, shown) + ("…" if end < len(text) else "")


def _marks(text: str, words: Sequence[str]) -> list[_Mark]:
    """Where the words are; inside of longer words only if they are nowhere else."""
    if not words:
        return []
    folded, origins = fold_in_place(text)
    words = sorted(words, key=len, reverse=True)
    inside = "|".join(map(re.escape, words))
    whole = "|".join(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])" if word.isascii() else word for word in words)
    for pattern in (whole, inside):
        found = list(islice(re.finditer(pattern, folded), _MAX_MARKS))
        if found:
            return [_mark(match, origins) for match in found]
    return []


def _mark(match: re.Match[str], origins: list[int] | None) -> _Mark:
    if origins is None:
        return _Mark(match.start(), match.end(), match[0])
    return _Mark(origins[match.start()], origins[match.end() - 1] + 1, match[0])


def _passage(text: str, marks: Sequence[_Mark], limit: int) -> tuple[int, int]:
    if len(text) <= limit:
        return 0, len(text)
    start = _densest(marks, limit * 3 // 4) - limit // 4
    start = 0 if start <= 0 else _word_boundary(text, min(start, len(text) - limit))
    return start, _word_boundary(text, start + limit) if start + limit < len(text) else len(text)


def _densest(marks: Sequence[_Mark], width: int) -> int:
    """Where the first passage with the most different words begins."""
    inside: Counter[str] = Counter()
    first = most = best = 0
    for mark in marks:
        inside[mark.word] += 1
        while mark.end - marks[first].start > width and marks[first] is not mark:
            inside[marks[first].word] -= 1
            first += 1
        different = sum(count > 0 for count in inside.values())
        if different > most:
            most, best = different, marks[first].start
    return best


def _word_boundary(text: str, position: int) -> int:
    """The end of the word at this position, if it's near."""
    match = _WORD_END.search(text, position, position + 30)
    return match.start() if match else position


def _html(text: str, start: int, end: int, marks: Sequence[_Mark]) -> str:
    pieces = []
    for mark in marks:
        pieces += [escape(text[start : mark.start]), f"<mark>{escape(text[mark.start : mark.end])}</mark>"]
        start = mark.end
    return "".join([*pieces, escape(text[start:end])]).strip()
