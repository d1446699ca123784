"""The files of a folder, in the order of their names: which are posts, and why the others aren't."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inkstone.importer.links import IMAGE_ENDINGS

MAX_FILE = 8 * 1024 * 1024
MARKDOWN_ENDINGS = {".md", ".markdown", ".mdown", ".mkd", ".mkdn"}
_FOREIGN_FOLDERS = {"node_modules", "_site", "public", "themes", "__pycache__", "vendor"}
_ABOUT_A_REPOSITORY = {"readme", "changelog", "contributing", "license", "code_of_conduct", "security"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file that isn't to be looked into further because of `reason`, or a post where that is None."""

    path: Path
    reason: str | None = None


def walk(folder: Path) -> Iterator[Found]:
    """Every file below a folder but images, sorted; links to folders aren't followed."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            yield from _file(path)
        elif entry.name.startswith("."):
            yield Found(path, "a hidden folder")
        elif entry.name in _FOREIGN_FOLDERS:
            yield Found(path, "a folder of the generator, not of posts")
        else:
            yield from walk(path)


def _file(path: Path) -> Iterator[Found]:
    ending = path.suffix.lower()
    if ending in MARKDOWN_ENDINGS:
        yield Found(path, _obstacle(path))
    elif ending not in IMAGE_ENDINGS:
        yield Found(path, _why_not(path))


def _obstacle(path: Path) -> str | None:
    if path.stem.lower() == "_index":
        return "a section's page, not a post"
    if path.stem.lower() in _ABOUT_A_REPOSITORY and not _begins_like_a_post(path):
        return "about the folder, not a post"
    if path.is_symlink():
        return "a symbolic link"
    if not path.is_file():
        return "not an ordinary file"
    return "larger than 8 MiB" if path.stat().st_size > MAX_FILE else None


def _why_not(path: Path) -> str:
    if _begins_like_a_post(path):
        return "begins like a post, but its name doesn't end in .md"
    return "neither Markdown nor an image"


def _begins_like_a_post(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return file.read(8).removeprefix(b"\xef\xbb\xbf").startswith((b"---\n", b"+++\n", b"---\r\n", b"+++\r\n"))
    except OSError:
        return False
