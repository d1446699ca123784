"""How text is compared: without case, accents and width; and which of its characters belong together."""

import re
import unicodedata
from collections.abc import Iterator

# Scripts written without spaces between words (Chinese, Japanese, Thai, Lao, Burmese, Khmer), and Hangul, whose words
# carry endings: search looks at their characters, not at words.
UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3021-\u3029\u3038-\u303b"
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_ACCENTS = re.compile("[\u0300-\u036f]")
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_MOST_REMEMBERED = 20_000
_LONGEST_EXPANSION = 4  # some characters stand for a sentence

# Normalising takes time with the square of the combining marks on one letter.
_MARKS = re.compile(r"([^\w\s!-~]{30})[^\w\s!-~]+")

_QUOTES = '"“”„«»「」『』'
_PART = re.compile(rf"[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]|([^\s{_QUOTES}]+)")


class _Table(dict[int, str]):
    """Folds characters one by one, each once; bounded, since a text may have all of Unicode in it."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < _MOST_REMEMBERED:
            self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", character).casefold())
    folded = unicodedata.normalize("NFC", plain.translate(_LETTERS))
    return folded if len(folded) <= _LONGEST_EXPANSION else character


_TABLE = _Table()


def composed(text: str) -> str:
    """The same text in normal form C; of signs in a row, which nobody can search for, only thirty."""
    return unicodedata.normalize("NFC", _MARKS.sub(r"\1", text))


def fold(text: str) -> str:
    """Text in the form in which it is compared.

    >>> fold("Café ÅNGSTRÖM Straße")
    'cafe angstrom strasse'
    """
    return unicodedata.normalize("NFC", composed(text).translate(_TABLE))


def fold_in_place(text: str) -> tuple[str, list[int] | None]:
    """Fold, and say from which position of the text each character came; None where nothing moved."""
    folded = text.translate(_TABLE)
    if len(folded) == len(text):
        return folded, None
    pieces = [character.translate(_TABLE) for character in text]
    origins = [position for position, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), [*origins, len(text)]


def parts(query: str) -> Iterator[tuple[str, bool]]:
    """What somebody typed, at the spaces, folded; and whether it stood in quotation marks, where spaces don't part.

    >>> list(parts('say "Hello World" twice'))
    [('say', False), ('hello world', True), ('twice', False)]
    """
    for part in _PART.finditer(query):
        yield fold(part[1] or part[2] or ""), part[1] is not None
