"""Images of a post: found in its Markdown, and given their new addresses."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".svg"}

_FENCE = re.compile(r" {0,3}(?:[-*+>] {0,3})*(`{3,}|~{3,})")
_DESTINATION = re.compile(
    r"""(?P<code>``[^\n]*?``|`[^`\n]*`)
      | (?P<before>
            \]\( [ \t]* <              # [text](<destination>), ![text](<…>)
          | \]\( [ \t]*                # [text](destination)
          | ^[ ]{0,3}\[[^\]\n]+\]: [ \t]* <?   # [label]: destination
          | [ \t\n](?:src|href|poster)[ ]*=[ ]*["']?    # <img src="destination">
        )
        (?P<destination> (?<=<) [^<>\n]+ | (?<=["']) [^"'\n]+ | [^\s()<>"']+ (?:\([^\s()<>]*\)[^\s()<>]*)* )""",
    re.X | re.M,
)
_TEMPLATE = re.compile(r"\{\{.*?\}\}")  # Jekyll's {{ site.baseurl }}


def rewritten(content: str, replace: Callable[[str, bool], str | None]) -> str:
    """The Markdown with other destinations, where `replace` gives one; code stays as it is.

    `replace` is told each destination, and whether it's Markdown's image.
    """

    def substitute(match: re.Match[str]) -> str:
        if match["code"]:
            return match[0]
        new = replace(match["destination"], _is_image(match))
        return match["before"] + (new or match["destination"])

    return "".join(piece if is_code else _DESTINATION.sub(substitute, piece) for piece, is_code in _pieces(content))


def _is_image(match: re.Match[str]) -> bool:
    """Whether this is ![text](destination): the bracket that opens before it tells, nesting aside."""
    if not match["before"].startswith("]("):
        return False
    opening = match.string.rfind("[", max(0, match.start() - 500), match.start())
    return opening > 0 and match.string[opening - 1] == "!"


def _pieces(content: str) -> Iterator[tuple[str, bool]]:
    """Fenced code, and what is between."""
    lines: list[str] = []
    fence = ""
    for line in content.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if not fence and mark:
            yield "".join(lines), False
            lines, fence = [line], mark[1]
        elif fence and mark and mark[1].startswith(fence) and not line[mark.end() :].strip("`~ \t\r\n"):
            yield "".join([*lines, line]), True
            lines, fence = [], ""
        else:
            lines.append(line)
    yield "".join(lines), bool(fence)


def local_path(destination: str) -> str | None:
    """The path that a destination names, None for what is elsewhere: another host, or a place in this text."""
    if destination.startswith(("https:", "http:", "#")):  # most are: spare them the parsing
        return None
    try:
        parts = urlsplit(_TEMPLATE.sub("", destination).strip())
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path:
        return None
    return unquote(parts.path)


def find(path: str, post: Path, folder: Path) -> Path | None:
    """The file that a path in a post means; None where there is none inside the folder.

    `folder` is resolved, and nothing outside of it is ever read, whatever symbolic links say.
    """
    if path.startswith("/"):
        places = [folder / "static", folder, folder / "source", folder / "content", folder / "public"]
    else:
        places = [post.parent, post.parent / post.stem, folder / "static", folder]  # the second is Hexo's asset folder
    for place in places:
        file = _inside(place / path.lstrip("/"), folder)
        if file:
            return file
    return None


def _inside(file: Path, folder: Path) -> Path | None:
    try:
        file = file.resolve()
        return file if file.is_relative_to(folder) and file.is_file() else None
    except (OSError, ValueError):  # a name too long, a NUL, a loop of links
        return None
