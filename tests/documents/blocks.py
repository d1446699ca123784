"""The blocks of code in README.md and docs/, each with what the comment above it says about running it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
INDEX = ROOT / "docs/index.md"
SHELL = "sh"
MARK = re.compile(
    r"<!-- (?:run: (?P<group>native|compose|production|shell)(?P<how>, .+)?"
    r"|(?P<elsewhere>run by: .+)|(?P<never>not run: .+)) -->"
)


@dataclass(frozen=True)
class Block:
    """A block of code; `group` is the kind of stack in which it is run, None where it is not run from here."""

    path: Path
    line: int
    language: str
    text: str
    comment: str

    @property
    def mark(self) -> re.Match[str] | None:
        return MARK.fullmatch(self.comment)

    @property
    def group(self) -> str | None:
        return self.mark["group"] if self.mark else None

    @property
    def how(self) -> str:
        """What the mark says beyond the group: `and type "…"`, `and stop it`."""
        return (self.mark["how"] or "").removeprefix(", ") if self.mark else ""

    @property
    def lines(self) -> list[str]:
        return self.text.replace("\\\n", "").splitlines()

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """README.md, and all of docs/ in the order of the table of contents."""
    order = [INDEX.parent / f"{name}.md" for name in re.findall(r"^- \[[^]]+\]\((\S+)\.md\)", INDEX.read_text(), re.M)]
    rest = [path for path in sorted((ROOT / "docs").glob("*.md")) if path not in order]
    return [ROOT / "README.md", *(path for path in order if path.exists()), *rest]


def blocks(path: Path) -> Iterator[Block]:
    """Every block of a document, in order; one that is indented has the language "indented"."""
    comment = ""
    for token in MarkdownIt().parse(path.read_text()):
        if token.type in {"fence", "code_block"}:
            language = token.info.strip() if token.type == "fence" else "indented"
            yield Block(path, (token.map or [0])[0] + 1, language, token.content, comment)
        comment = token.content.strip().splitlines()[-1] if token.type == "html_block" else ""


def group(name: str) -> list[Block]:
    """What is run in one kind of stack, one after the other; what two documents say in the same words, once."""
    found: dict[tuple[str, str], Block] = {}
    for path in documents():
        for block in blocks(path):
            if block.group == name:
                found.setdefault((block.comment, block.text), block)
    return list(found.values())
