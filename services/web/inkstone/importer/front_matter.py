"""What stands above a post: YAML between `---` or TOML between `+++`, as Hugo, Zola, Jekyll and Hexo write it."""

import re
import tomllib
from typing import Any

import yaml

MAX_LENGTH = 64 * 1024
MAX_DEPTH = 20

_OPENING = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?(?:\n|\Z)")
_CLOSING = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.M),
    "+++": re.compile(r"^\+\+\+[ \t]*\r?(?:\n|\Z)", re.M),
}
_NOTHING = {"", "~", "null", "Null", "NULL"}


class FrontMatterError(ValueError):
    """The front matter can't be read; the message says why, and where."""


def split(text: str) -> tuple[dict[str, Any] | None, str]:
    r"""The fields above a post, None where there are none, and the Markdown below.

    >>> split("---\ntitle: 1.0\ntags: [a, b]\n---\nHello")
    ({'title': '1.0', 'tags': ['a', 'b']}, 'Hello')
    >>> split("Hello")
    (None, 'Hello')
    """
    opening = _OPENING.match(text)
    if opening is None:
        return None, text.removeprefix("\ufeff")
    closing = _CLOSING[opening[1]].search(text, opening.end())
    if closing is None:
        raise FrontMatterError(f"the front matter has no end: a line of {opening[1]} is missing")
    source = text[opening.end() : closing.start()]
    if len(source) > MAX_LENGTH:
        raise FrontMatterError(f"the front matter is longer than {MAX_LENGTH // 1024} kB")
    fields = _yaml(source) if opening[1] == "---" else _toml(source)
    return fields, text[closing.end() :]


def _toml(source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(source.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        raise FrontMatterError(f"the front matter is no valid TOML: {error}") from error


def _yaml(source: str) -> dict[str, Any]:
    try:
        document = _Builder().build(source)
    except yaml.MarkedYAMLError as error:
        line = f" in line {error.problem_mark.line + 2}" if error.problem_mark else ""
        raise FrontMatterError(f"the front matter is no valid YAML{line}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise FrontMatterError(f"the front matter is no valid YAML: {str(error).splitlines()[0]}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise FrontMatterError("the front matter is YAML, but no list of fields")
    return document


class _Builder:
    """Makes strings, lists and dicts of YAML's events.

    Nothing is interpreted: the title `No` is no truth value, and `1.10` is no number. And PyYAML's own loaders crash
    on deep nesting, or make a thousand million strings of aliases.
    """

    def build(self, source: str) -> Any:
        self._root: list[Any] = []
        self._open: list[list[Any]] = [self._root]
        self._kinds: list[type] = [list]
        for event in yaml.parse(source, Loader=yaml.CBaseLoader):
            self._take(event)
        return self._root[0] if self._root else None

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                plain = not event.style and event.value in _NOTHING
                self._open[-1].append(None if plain else event.value)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._start(list if isinstance(event, yaml.SequenceStartEvent) else dict)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()
            case yaml.AliasEvent():
                raise FrontMatterError("the front matter uses YAML aliases, which are not supported")

    def _start(self, kind: type) -> None:
        if len(self._open) > MAX_DEPTH:
            raise FrontMatterError("the front matter is nested too deeply")
        self._open.append([])
        self._kinds.append(kind)

    def _end(self) -> None:
        items, kind = self._open.pop(), self._kinds.pop()
        if kind is dict:
            self._open[-1].append({str(key): value for key, value in zip(items[::2], items[1::2], strict=True)})
        else:
            self._open[-1].append(items)
