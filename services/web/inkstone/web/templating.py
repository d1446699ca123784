"""The templates: what they may call, and how they are compiled."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache, partial
from hashlib import blake2b
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from inkstone.config import Settings
from inkstone.domain.posts import slugify

# As the sanitiser writes attributes.
_LOCAL = re.compile(r'\b(src|href)="/(?!/)')

# What XML 1.0 (section 2.2) can't hold, even escaped.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Environment(jinja2.Environment):
    """Jinja's, in which `constants` are worked out once, when a template is compiled, and not on every page.

    They are functions whose answer depends on their arguments alone, and dictionaries that never change.
    """

    def __init__(self, constants: Mapping[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self._constants = constants
        self.globals.update(constants)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template: nodes.Template = _Folding(self._constants).visit(super()._parse(source, name, filename))
        return template


class _Folding(NodeTransformer):
    def __init__(self, constants: Mapping[str, Any]) -> None:
        self._constants = constants

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - the visitor's naming
        """`url("home")` becomes "/", `_("Search")` its translation."""
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.node.name not in self._constants:
            return node
        try:
            args = [argument.as_const() for argument in node.args]
            named = dict(argument.as_const() for argument in node.kwargs)
        except nodes.Impossible:
            return node
        return nodes.Const(self._constants[node.node.name](*args, **named), lineno=node.lineno)

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802
        """`site.name` becomes the blog's name."""
        self.generic_visit(node)
        if isinstance(node.node, nodes.Name) and isinstance(values := self._constants.get(node.node.name), dict):
            return nodes.Const(values[node.attr], lineno=node.lineno)
        return node


def environment(settings: Settings, urls: Mapping[str, str], release: str) -> Environment:
    """All templates, compiled: a first request must not wait for the disk. `urls` are the named routes' patterns."""
    made = Environment(
        constants={
            "site": {**_site(settings), "release": release},
            "url": partial(url, urls),
            "asset": _assets(),
            "_": _translator(settings),
        },
        loader=jinja2.PackageLoader("inkstone"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        date=_DATES[settings.language],
        isotime=_isotime,
        tagslug=slugify,
        xml=_xml,
        absolute=partial(absolute, site_url=settings.site_url),
    )
    for name in made.list_templates(extensions=["html", "xml", "txt"]):
        template = made.get_template(name)
        template.globals = dict(template.globals)  # Jinja copies them for each page, and takes long over its ChainMap
    return made


def _site(settings: Settings) -> dict[str, str | bool]:
    return {
        "name": settings.site_name,
        "url": settings.site_url,
        "language": settings.language,
        "registration": settings.registration,
        "development": settings.development,
    }


def release(settings: Settings) -> str:
    """What decides how pages look, besides what they show: the same for all replicas of a release and its settings."""
    files = sorted(_files(resources.files("inkstone")), key=lambda file: file[0])
    return blake2b(repr((_site(settings), files)).encode(), digest_size=12).hexdigest()


def _files(folder: Traversable, path: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{path}{entry.name}/")
        elif entry.name.endswith((".py", ".html", ".xml", ".txt", ".json")):
            yield path + entry.name, entry.read_bytes()


def url(urls: Mapping[str, str], route: str, query: Mapping[str, str] | None = None, **parts: str) -> str:
    """The path of a named route."""
    path = urls[route].format(**{name: _quoted(part) for name, part in parts.items()})
    return f"{path}?{_encoded(tuple(query.items()))}" if query else path


@lru_cache(maxsize=4096)
def _encoded(query: tuple[tuple[str, str], ...]) -> str:
    return urlencode(query)


@lru_cache(maxsize=4096)
def _quoted(part: str) -> str:
    return quote(part, safe="")


def _assets() -> Callable[[str], str]:
    """From an asset's plain name to its address with a hash in it, by the manifest that the front end's build wrote."""
    manifest = resources.files("inkstone") / "static" / "manifest.json"
    names: dict[str, str] = json.loads(manifest.read_text()) if manifest.is_file() else {}
    return lambda name: f"/static/{names.get(name, name)}"


def _translator(settings: Settings) -> Callable[..., str]:
    catalogue: dict[str, str] = {}
    if settings.language != "en":
        path = resources.files("inkstone.web") / "languages" / f"{settings.language}.json"
        catalogue = json.loads(path.read_text("utf-8"))
    return lambda text, **values: catalogue.get(text, text) % values if values else catalogue.get(text, text)


# strftime's %B would depend on the process's locale, and takes ten times as long.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _english_date(time: datetime) -> str:
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"


def _chinese_date(time: datetime) -> str:
    return f"{time.year}年{time.month}月{time.day}日"


_DATES: dict[str, Callable[[datetime], str]] = {"en": _english_date, "zh": _chinese_date}


def _isotime(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")


def absolute(html: str, site_url: str) -> str:
    """The same safe HTML with our own links and images by their full address, for readers away from the blog."""
    return _LOCAL.sub(rf'\1="{site_url}/', html)


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)
