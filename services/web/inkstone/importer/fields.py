"""What the four generators call a post's fields, and how they write them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from inkstone.domain.posts import slugify
from inkstone.importer import dates

_AUTHORS_APART = re.compile(r"\s*(?:[,，、;\uff1b&]|\s+and\s+)\s*(?:and\s+)?")
_MAIL = re.compile(r"\s*<[^>]*>")
_INDEX = re.compile(r"_?index(\.[a-z]{2,3}(?:-[a-z]+)?)?", re.I)
_JEKYLL_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-(?=.)")
_FALSE, _TRUE = {"false", "no", "off", "0"}, {"true", "yes", "on", "1"}


@dataclass(frozen=True, slots=True)
class Fields:
    """A post's fields as far as its file and its place say anything; None and () stand for nothing said."""

    title: str | None
    summary: str
    published_at: datetime | None
    unreadable_date: str | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    is_draft: bool
    slug: str
    addresses: tuple[str, ...]


def read(front: Mapping[str, Any], path: PurePosixPath, root: str) -> Fields:
    """`path` is the file's, relative to the folder of that name that is imported."""
    extra = front.get("extra")
    front = {**(extra if isinstance(extra, Mapping) else {}), **front}
    date, unreadable = _date(front, path)
    return Fields(
        title=_text(front, "title"),
        summary=_text(front, "summary", "description", "excerpt") or "",
        published_at=date,
        unreadable_date=unreadable,
        authors=_authors(front),
        tags=_tags(front),
        is_draft=_is_draft(front, path),
        slug=_slug(front, path),
        addresses=_addresses(front, path, root, date),
    )


def name_of(path: PurePosixPath) -> str:
    """What a post is called whose file says nothing: its name, or its folder's if it's an index.

    >>> name_of(PurePosixPath("posts/2014-12-12-hello.md")), name_of(PurePosixPath("posts/hello/index.zh.md"))
    ('hello', 'hello-zh')
    """
    index = _INDEX.fullmatch(path.stem)
    if index is None or len(path.parts) < 2:
        return _JEKYLL_DATE.sub("", path.stem, count=1)
    return _JEKYLL_DATE.sub("", path.parent.name, count=1) + (index[1] or "").replace(".", "-")


def _strings(value: Any) -> Iterator[str]:
    """The strings in a string, a list, or a list of tables that have a name."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("title")
    if isinstance(value, list):
        for item in value:
            yield from _strings(item) if not isinstance(item, list) else ()
    elif value is not None and str(value).strip():
        yield str(value).strip()


def _text(front: Mapping[str, Any], *keys: str) -> str | None:
    return next((text for key in keys for text in _strings(front.get(key))), None)


def _authors(front: Mapping[str, Any]) -> tuple[str, ...]:
    written = [*_strings(front.get("author")), *_strings(front.get("authors"))]
    names = [name for text in written for name in _AUTHORS_APART.split(_MAIL.sub("", text))]
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _tags(front: Mapping[str, Any]) -> tuple[str, ...]:
    taxonomies = front.get("taxonomies")
    places = [front, taxonomies if isinstance(taxonomies, Mapping) else {}]
    keys = ("tags", "tag", "categories", "category")
    written = [text for place in places for key in keys for text in _strings(place.get(key))]
    return tuple(dict.fromkeys(tag for text in written for tag in _apart(text)))


def _apart(text: str) -> list[str]:
    """Jekyll takes tags in one string, with spaces or commas between; a tag of several words has no comma."""
    return [tag.strip() for tag in re.split(r"[,，]", text) if tag.strip()]


def _flag(front: Mapping[str, Any], key: str) -> bool | None:
    value = str(front.get(key)).strip().lower()
    return True if value in _TRUE else False if value in _FALSE else None


def _is_draft(front: Mapping[str, Any], path: PurePosixPath) -> bool:
    return _flag(front, "draft") is True or _flag(front, "published") is False or "_drafts" in path.parts


def _date(front: Mapping[str, Any], path: PurePosixPath) -> tuple[datetime | None, str | None]:
    """The date, and what looks like one and can't be read."""
    unreadable = None
    for key in ("date", "publishDate", "publishdate", "pubDate", "published_at", "created", "created_at"):
        written = front.get(key)
        if written and (date := dates.parse(written)):
            return date, None
        unreadable = unreadable or (str(written) if written else None)
    written_path = _text(front, "path", "url", "permalink") or ""
    updated = front.get("lastmod") or front.get("updated") or front.get("last_modified_at")
    return dates.in_path(written_path) or dates.in_path(str(path)) or dates.parse(updated), unreadable


def _slug(front: Mapping[str, Any], path: PurePosixPath) -> str:
    address = _path_of(_text(front, "path", "url", "permalink") or "")
    candidates = [_text(front, "slug") or "", PurePosixPath(address).name, name_of(path), _text(front, "title") or ""]
    return next((slug for slug in map(slugify, candidates) if slug), "post")


def _addresses(front: Mapping[str, Any], path: PurePosixPath, root: str, date: datetime | None) -> tuple[str, ...]:
    """Where the post could be found before: what its file says, and what the generator makes of its place."""
    keys = ("path", "url", "permalink", "aliases", "alias", "redirect_from")
    written = [_path_of(text, keep_ending=True) for key in keys for text in _strings(front.get(key))]
    return tuple(dict.fromkeys(address for address in [*written, *_habitual(path, root, date)] if address))


def _path_of(address: str, *, keep_ending: bool = False) -> str:
    """The path of a URL, without slashes at its ends; "" for a pattern such as /:year/:title/."""
    try:
        path = unquote(urlsplit(address.strip()).path).strip("/")
    except ValueError:
        return ""
    if ":" in path or "{" in path:
        return ""
    return path if keep_ending else re.sub(r"(/index)?\.html?$", "", path)


def _habitual(path: PurePosixPath, root: str, date: datetime | None) -> list[str]:
    parts = [root, *path.parts[:-1]]
    if "_posts" in parts and date:  # Jekyll's and Hexo's default
        dated = f"{date:%Y/%m/%d}/{name_of(path)}"
        return [dated, f"{dated}.html"]
    if "content" in parts:  # Hugo's and Zola's
        folder = parts[parts.index("content") + 1 :]
        return ["/".join(folder if _INDEX.fullmatch(path.stem) else [*folder, path.stem])]
    return []
