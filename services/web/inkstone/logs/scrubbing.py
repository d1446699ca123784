"""What must not be in a log is taken out before a line is written, whoever wrote it.

Nothing of ours logs a secret; this stands behind it, for what libraries and database servers put into their errors.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

_INSTEAD = "***"
# One that is shorter would be found in the middle of words.
_SHORTEST = 6

_SHAPES = re.compile(
    r"\b\w+-[0-9]{9,12}-[0-9a-f]{40}\b"  # a session's cookie
    r"|\$argon2\w*\$[^\s'\"]+"  # a stored password
    r"|(?<=//)[^\s/@:]*:[^\s@]+(?=@)"  # in a URL
)


def _named(words: str, value: str) -> re.Pattern[str]:
    """What stands behind such a word, or one that ends with it: quoted, or the value."""
    name = rf"(?<![\w-])([\w-]*(?:{words})s?)(['\"]?\s*[=:]\s*)"
    # `(using password: YES)` is what a database says of a password that it does not show.
    return re.compile(rf"{name}(?!YES\b|NO\b)(?:\"[^\"]*\"|'[^']*'|{value})", re.IGNORECASE)


_NAMED = [
    _named("password|passwd|secret|token|api[_-]?key|authorization|credential", r"(?:(?:Basic|Bearer)\s+)?[^\s,;&)]+"),
    _named("cookie", r"[^\r\n]+"),  # one header has several of them
]

_known: set[str] = set()


def keep_secret(values: Iterable[str | None]) -> None:
    """Take these out of every line from now on, also as a URL would have them."""
    for value in values:
        if value and len(value) >= _SHORTEST:
            _known.update((value, quote(value, safe="")))


def scrubbed(text: str) -> str:
    """The same text without secrets.

    >>> scrubbed("token=abc, Authorization: Bearer xyz; mysql://ink:secret@db/blog (using password: YES)")
    'token=***, Authorization: ***; mysql://***@db/blog (using password: YES)'
    """
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, _INSTEAD)
    text = _SHAPES.sub(_INSTEAD, text)
    for named in _NAMED:
        text = named.sub(rf"\1\2{_INSTEAD}", text)
    return text
