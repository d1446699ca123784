r"""The tokens that search is made of: plain ASCII, so that any server's FULLTEXT parser takes them as they are.

The tokens of a text are a stream in its order, so that phrases can be found,

- `xword` for a word in Latin letters and digits, in lower case and without accents; `zza` for the word "a",
- `c4e2dx6587` for every two neighbours in a run of characters of a script that has no spaces, `c4e2d` for a run of one,
- `y` and a hash for a word in any other script, and for one too long for an index,

and behind it, once each, what else one may search for: every single character of such runs, and the parts of
`camelCase` words. None begins like a word of InnoDB's stop list ("w" would: "was" is on it), and none is shorter than 3
or longer than 84 characters, which are the limits of a server that nobody has configured.

>>> tokens("Café 中文搜索")
'xcafe c4e2dx6587 c6587x641c c641cx7d22 c4e2d c6587 c641c c7d22'
>>> tokens("HashMap in C++")
'xhashmap xin xcplusplus zzc xhash xmap'
>>> query("要跨IDC std::vec")
'+"c8981x8de8" +"xidc" +"xstd xvec"'
"""

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from operator import add

from inkstone.domain import folding, snippets
from inkstone.domain.folding import UNSPACED

MAX_TOKENS = 12_000_000  # bytes; the column holds 16 MiB
MAX_QUERY = 200
MAX_PHRASES = 12
_MAX_TEXT = 1_500_000
_MAX_WORD = 60
_MOST_REMEMBERED = 20_000

# C++ and C# are words of their own, and not the letter C.
_RUN = re.compile(rf"([{UNSPACED}]+)|([^\W_{UNSPACED}]+)(\+\+(?!\+)|#(?![#\w]))?")
_Run = tuple[str, str, str]
_SIGNS = {"++": "plusplus", "#": "sharp"}
_LATIN = re.compile(r"[A-Za-z0-9]{3,}")
_CAMEL = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_CAMEL_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


def tokens(text: str) -> str:
    """What the FULLTEXT column holds for a text."""
    text = text[:_MAX_TEXT]
    runs = _RUN.findall(folding.fold(text)[:_MAX_TEXT])
    whole = " ".join([*_tokens(runs), *_once(runs), *dict.fromkeys(_camel_parts(text))])
    # What is cut off may be half a token, and that would be another word.
    return whole if len(whole) <= MAX_TOKENS else whole[: whole.rindex(" ", 0, MAX_TOKENS)]


def query(text: str) -> str:
    """The boolean-mode expression for what somebody typed; "" where nothing of it can be searched for.

    Every word has to be there. Words with no space between them, and words in quotation marks, have to be neighbours.

    >>> query('foo_bar "hello World"')
    '+"xfoo xbar" +"xhello xworld"'
    >>> query('+-*"')
    ''
    """
    parts = list(folding.parts(text[:MAX_QUERY]))
    phrases = dict.fromkeys(phrase for part, quoted in parts for phrase in _phrases(part, quoted=quoted))
    return " ".join(f'+"{phrase}"' for phrase in list(phrases)[:MAX_PHRASES])


def highlight(text: str, query: str, limit: int = 240) -> str:
    """The passage of a text that fits a query best, as HTML with <mark>; the beginning where none fits.

    >>> highlight("Ein Café & mehr", "cafe")
    'Ein <mark>Café</mark> &amp; mehr'
    """
    words = [run[0] for part, _ in folding.parts(query[:MAX_QUERY]) for run in _RUN.finditer(part)]
    return snippets.best(text, list(dict.fromkeys(words))[: 2 * MAX_PHRASES], limit)


class _Codes(dict[int, str]):
    """For str.translate, which is several times faster than a loop over characters."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, code: int) -> str:
        translated = f" {self._prefix}{code:x}"
        if len(self) < _MOST_REMEMBERED:
            self[code] = translated
        return translated


_FIRST, _SECOND = _Codes("c"), _Codes("x")


def _tokens(runs: Sequence[_Run]) -> list[str]:
    tokens: list[str] = []
    for unspaced, word, sign in runs:
        if word:
            tokens.append(_word(word + _SIGNS[sign] if sign else word))
        elif len(unspaced) == 1:
            tokens.append(f"c{ord(unspaced):x}")
        else:
            tokens += map(add, unspaced[:-1].translate(_FIRST).split(), unspaced[1:].translate(_SECOND).split())
    return tokens


def _once(runs: Sequence[_Run]) -> list[str]:
    """What one may also search for: every single character, and the letter C of C++."""
    characters = dict.fromkeys("".join(unspaced for unspaced, _, _ in runs))
    words = dict.fromkeys(_word(word) for _, word, sign in runs if sign)
    return [*"".join(characters).translate(_FIRST).split(), *words]


def _word(word: str) -> str:
    if len(word) > _MAX_WORD or not word.isascii():
        return "y" + blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"x{word}" if len(word) > 1 else f"zz{word}"


def _camel_parts(text: str) -> Iterator[str]:
    for word in filter(_CAMEL.search, dict.fromkeys(_LATIN.findall(text))):
        for part in _CAMEL_PART.findall(word):
            yield _word(part.lower())


def _phrases(part: str, *, quoted: bool) -> Iterator[str]:
    """A run of a script without spaces is a phrase of its own outside of quotation marks, a single character always:

    in the text it may be the end of a longer run, and then it's no neighbour of the word behind it.
    """
    phrase: list[str] = []
    for run in _RUN.findall(part):
        if run[0] and (not quoted or len(run[0]) == 1):
            yield from filter(None, [" ".join(phrase), " ".join(_tokens([run]))])
            phrase = []
        else:
            phrase += _tokens([run])
    yield from filter(None, [" ".join(phrase)])
