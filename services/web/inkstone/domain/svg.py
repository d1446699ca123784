"""SVG made harmless: no scripts, no links to elsewhere, no entities, and no more nesting than a parser can bear."""

import re
from xml.parsers import expat

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 100
MAX_ELEMENTS = 50_000
_DEFAULT_SIZE = (300, 150)  # what browsers take where an SVG doesn't say

_PIXELS = re.compile(r"\s*([0-9]{1,6})(?:\.[0-9]*)?(?:px|pt)?\s*")
_VIEW_BOX = re.compile(
    r"\s*[-+0-9.e]+[\s,]+[-+0-9.e]+[\s,]+([0-9]{1,6})(?:\.[0-9]*)?[\s,]+([0-9]{1,6})(?:\.[0-9]*)?\s*"
)
_DATA_URLS = {"image": ["png", "jpeg", "gif", "webp"]}


def filtered(data: bytes) -> tuple[bytes, int, int]:
    """The harmless part of an SVG, its width and its height; raises ValueError with the reason if there is none."""
    # Imported here: hardly any request needs it.
    import py_svg_hush

    if len(data) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    width, height = _Outline(data).size
    try:
        harmless = bytes(py_svg_hush.filter_svg(data, keep_data_url_mime_types=_DATA_URLS))
    except ValueError as error:
        raise ValueError("it is not well-formed") from error
    if len(harmless) > 4 * MAX_BYTES:
        raise ValueError("it is too deeply nested")
    return harmless, width, height


class _Outline:
    """A first look, in constant memory: py_svg_hush expands entities, and indents by the depth of the nesting."""

    def __init__(self, data: bytes) -> None:
        self._attributes: dict[str, str] = {}
        self._depth = self._elements = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise ValueError("it is not well-formed") from error

    @property
    def size(self) -> tuple[int, int]:
        """In CSS pixels, from the attributes or else from the view box."""
        width = _PIXELS.fullmatch(self._attributes.get("width", ""))
        height = _PIXELS.fullmatch(self._attributes.get("height", ""))
        if width and height:
            return int(width[1]), int(height[1])
        box = _VIEW_BOX.fullmatch(self._attributes.get("viewBox", ""))
        return (int(box[1]), int(box[2])) if box else _DEFAULT_SIZE

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._elements:
            self._root(name, attributes)
        self._elements += 1
        self._depth += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise ValueError("it has too many elements, or too many inside of each other")

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] != "svg":
            raise ValueError("it is some other kind of XML")
        self._attributes = attributes

    def _end(self, name: str) -> None:
        self._depth -= 1

    def _entity(self, *declaration: object) -> None:
        raise ValueError("it declares entities")
