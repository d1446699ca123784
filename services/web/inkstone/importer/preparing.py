"""From a file to everything that is to be stored of it; runs in processes of its own, without a database."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from inkstone.domain import markdown, media, rendering
from inkstone.domain.errors import Invalid
from inkstone.domain.posts import MAX_TAGS, Draft, Rendered, slugify
from inkstone.importer import fields, front_matter, links
from inkstone.importer.fields import Fields

_MAX_NAME, _MAX_SUMMARY, _MAX_TAG = 200, 1000, 50
_MORE = re.compile(r"<!--\s*more\s*-->")
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.M)
_SHORTCODE = re.compile(r"\{\{[<%]\s*/?\s*([\w/-]+)|\{%\s*(\w+)")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to prepare, and what is known of it from an import before."""

    file: Path
    folder: Path
    known_digest: str | None = None

    @property
    def path(self) -> PurePosixPath:
        return PurePosixPath(self.file.relative_to(self.folder).as_posix())

    @property
    def key(self) -> str:
        """How the blog remembers this file, wherever the folder lies."""
        return f"{self.folder.name}/{self.path}"


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that can't become a post."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A file that is as it was at the import before."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A post that only has to be stored."""

    digest: str
    draft: Draft
    rendered: Rendered
    slug: str
    authors: tuple[str, ...]
    addresses: tuple[str, ...]
    created: datetime
    pictures: list[tuple[str, media.Image]]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """One file on its way."""

    job: Job
    front: Mapping[str, Any] | None
    body: str
    fields: Fields
    warnings: list[str]
    images: dict[str, Path | None] = field(default_factory=dict)


Outcome = Prepared | Unchanged | Refused


def prepare_all(jobs: Sequence[Job]) -> list[Outcome]:
    """Prepare some files; never raises because of what is in one of them."""
    return [prepare(job) for job in jobs]


def prepare(job: Job) -> Outcome:
    """Read a file and make a post of it, or say why not."""
    try:
        raw = job.file.read_bytes()
        reading = _read(job, raw)
        digest = _digest(raw, reading.images)
        return Unchanged() if digest == job.known_digest else _prepared(reading, digest)
    except front_matter.FrontMatterError as error:
        return Refused(str(error))
    except Invalid as error:
        return Refused(f"no valid post: {error}")
    except OSError as error:
        return Refused(f"can't be read: {error.strerror}")
    except Exception as error:  # one odd file must not end the import of a thousand others
        return Refused(f"{type(error).__name__}: {error}")


def _read(job: Job, raw: bytes) -> _Reading:
    text, warnings = _decoded(raw)
    front, body = front_matter.split(text)
    if not body.strip() and not (front and front.get("title")):
        raise front_matter.FrontMatterError("neither a title nor any text")
    reading = _Reading(job, front, body, fields.read(front or {}, job.path, job.folder.name), warnings)
    links.rewritten(body, lambda destination, is_image: _note(reading, destination, is_image=is_image))
    return reading


def _decoded(raw: bytes) -> tuple[str, list[str]]:
    warnings = []
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        text = raw.decode(errors="replace")
        warnings.append(f"not valid UTF-8 from byte {error.start} on: what can't be read became �")
    if "\0" in text:
        text = text.replace("\0", "")
        warnings.append("NUL characters were left out")
    return text, warnings


def _note(reading: _Reading, destination: str, *, is_image: bool) -> None:
    """Remember a destination that means an image of this folder, or should."""
    path = links.local_path(destination)
    looks_like_one = path is not None and Path(path).suffix.lower() in links.IMAGE_ENDINGS
    if path and (is_image or looks_like_one):
        reading.images[destination] = links.find(path, reading.job.file, reading.job.folder)


def _digest(raw: bytes, images: Mapping[str, Path | None]) -> str:
    """Changes with the file and with every image that it shows."""
    digest = sha256(raw)
    for destination, file in sorted(images.items()):
        digest.update(destination.encode("utf-8", "surrogatepass"))
        digest.update(sha256(file.read_bytes()).digest() if file else b"missing")
    return digest.hexdigest()


def _prepared(reading: _Reading, digest: str) -> Prepared:
    addresses, pictures = _pictures(reading)
    content = reading.body
    if addresses:
        content = links.rewritten(content, lambda destination, _: addresses.get(destination))
    date = reading.fields.published_at or _fallback_date(reading)
    draft = _draft(reading, content, date)
    _warn_of_shortcodes(reading)
    return Prepared(
        digest=digest,
        draft=draft,
        rendered=rendering.render(draft),
        slug=reading.fields.slug,
        authors=reading.fields.authors,
        addresses=reading.fields.addresses,
        created=date,
        pictures=pictures,
        warnings=tuple(reading.warnings),
    )


def _pictures(reading: _Reading) -> tuple[dict[str, str], list[tuple[str, media.Image]]]:
    """The new address of each destination, and the images with the names of their files."""
    addresses: dict[str, str] = {}
    known: dict[Path, media.Image] = {}
    for destination, file in reading.images.items():
        if file is None:
            reading.warnings.append(f"image not found: {destination}")
            continue
        try:
            picture = known.get(file) or media.inspect(file.read_bytes())
        except Invalid as error:
            reading.warnings.append(f"image not taken: {destination}: {error.errors['file']}")
            continue
        known[file] = picture
        addresses[destination] = f"/media/{sha256(picture.data).hexdigest()}.{media.EXTENSIONS[picture.type]}"
    return addresses, [(file.name, picture) for file, picture in known.items()]


def _fallback_date(reading: _Reading) -> datetime:
    written = reading.fields.unreadable_date
    reason = f"the date “{written}” can't be read" if written else "no date"
    reading.warnings.append(f"{reason}: the file's own is taken")
    return datetime.fromtimestamp(int(reading.job.file.stat().st_mtime), UTC)


def _draft(reading: _Reading, content: str, date: datetime) -> Draft:
    if reading.front is None:
        reading.warnings.append("no front matter: taken as a draft")
    is_draft = reading.front is None or reading.fields.is_draft
    return Draft.parse(
        {
            "name": _cut(reading, "title", _name(reading), _MAX_NAME),
            "summary": _cut(reading, "summary", reading.fields.summary or _teaser(content), _MAX_SUMMARY),
            "content": content,
            "tags": _good_tags(reading),
            "status": "draft" if is_draft else "published",
            "published_at": None if is_draft else date,
        }
    )


def _name(reading: _Reading) -> str:
    if reading.fields.title:
        return " ".join(reading.fields.title.split())
    heading = _HEADING.search(reading.body)
    name = markdown.plain_text(markdown.render(heading[1])) if heading else ""
    reading.warnings.append("no title: " + ("the first heading is taken" if name else "the file's name is taken"))
    return " ".join(name.split()) or fields.name_of(reading.job.path)


def _teaser(content: str) -> str:
    """What stands above `<!-- more -->`."""
    more = _MORE.search(content)
    return markdown.excerpt(markdown.plain_text(markdown.render(content[: more.start()])), 500) if more else ""


def _cut(reading: _Reading, what: str, text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    reading.warnings.append(f"the {what} was cut to {limit} characters")
    return markdown.excerpt(text, limit)


def _good_tags(reading: _Reading) -> list[str]:
    good = {slugify(tag): tag for tag in reading.fields.tags if slugify(tag) and len(tag) <= _MAX_TAG}
    kept = list(good.values())[:MAX_TAGS]
    reading.warnings += [
        f"tag left out: {tag}" for tag in reading.fields.tags if slugify(tag) not in {slugify(tag) for tag in kept}
    ]
    return kept


def _warn_of_shortcodes(reading: _Reading) -> None:
    names = {match[1] or match[2] for match in _SHORTCODE.finditer(reading.body)} - {"raw", "endraw"}
    if names:
        reading.warnings.append(f"codes of the generator stay as they are written: {', '.join(sorted(names))}")
