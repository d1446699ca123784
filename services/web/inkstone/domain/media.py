"""Images: what may be uploaded, judged by its content and never by its name."""

import io
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from inkstone.domain import svg
from inkstone.domain.errors import Invalid

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 50_000_000
MAX_FRAME_PIXELS = 4 * MAX_PIXELS  # of all frames of an animation together

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/svg+xml": "svg",
}

_SIGNATURES = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF....WEBP", re.S),
    "image/svg+xml": re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!DOCTYPE svg|<!--|<svg)"),
}


@dataclass(frozen=True, slots=True)
class Image:
    """An image that has been checked; `data` is what to store, which for SVG isn't quite what was sent."""

    type: str
    width: int
    height: int
    data: bytes


def inspect(data: bytes) -> Image:
    """Check an image; raises Invalid for what isn't one, is damaged or too large. Takes up to a second: use a thread.

    >>> inspect(b"%PDF-1.7")
    Traceback (most recent call last):
    inkstone.domain.errors.Invalid: file: This is not a JPEG, PNG, GIF, WebP or SVG image.
    """
    if len(data) > MAX_BYTES:
        raise _refusal(f"The image is larger than {MAX_BYTES // 1024 // 1024} MiB.")
    kind = next((kind for kind, signature in _SIGNATURES.items() if signature.match(data)), None)
    if kind is None:
        raise _refusal("This is not a JPEG, PNG, GIF, WebP or SVG image.")
    return _drawing(data) if kind == "image/svg+xml" else _bitmap(kind, data)


def _refusal(message: str) -> Invalid:
    return Invalid({"file": message})


def _drawing(data: bytes) -> Image:
    try:
        harmless, width, height = svg.filtered(data)
    except ValueError as error:
        raise _refusal(f"The SVG can't be taken: {error}.") from error
    return Image("image/svg+xml", width, height, harmless)


def _bitmap(kind: str, data: bytes) -> Image:
    pillow = _pillow()
    try:
        with pillow.open(io.BytesIO(data), formats=[kind.removeprefix("image/").upper()]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _refusal(f"The image has more than {MAX_PIXELS // 1_000_000} million pixels.")
            _decode(kind, image)
    except Invalid:
        raise
    except Exception as error:  # Pillow's decoders raise whatever comes to their mind
        raise _refusal("The image is damaged or incomplete.") from error
    return Image(kind, width, height, data)


def _pillow() -> ModuleType:
    # Imported here: most requests never need it. Its own limit would warn; ours refuses.
    import PIL.Image

    PIL.Image.MAX_IMAGE_PIXELS = None
    return PIL.Image


def _decode(kind: str, image: Any) -> None:
    """Have every byte looked at, without holding more pixels in memory than needed."""
    if kind == "image/png":
        image.verify()  # the checksum of every chunk
        return
    image.draft("L", (1, 1))  # JPEG: an eighth of the size
    width, height = image.size
    frames = min(getattr(image, "n_frames", 1), MAX_FRAME_PIXELS // (width * height))
    for frame in range(frames):
        image.seek(frame)
        image.load()
