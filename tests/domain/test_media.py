"""Images: what is taken, what is refused, and what is left of an SVG."""

import io
import struct
import sys
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from inkstone.domain import media, svg
from inkstone.domain.errors import Invalid

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20">{}</svg>'


def picture(kind, size=(40, 30), **options):
    data = io.BytesIO()
    Pillow.effect_noise(size, 50).convert("P" if kind == "GIF" else "RGB").save(data, kind, **options)
    return data.getvalue()


PICTURES = {kind: picture(kind) for kind in ("JPEG", "PNG", "GIF", "WEBP")}


def refusal(data):
    with pytest.raises(Invalid) as refused:
        media.inspect(data)
    assert list(refused.value.errors) == ["file"]
    return refused.value.errors["file"]


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_are_taken_as_they_are(kind):
    image = media.inspect(PICTURES[kind])

    assert image == media.Image(f"image/{kind.lower()}", 40, 30, PICTURES[kind])
    assert image.type in media.EXTENSIONS


@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_half_a_picture_is_refused(kind, keep):
    data = PICTURES[kind]

    assert refusal(data[: int(len(data) * keep)]) == "The image is damaged or incomplete."


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"%PDF-1.7", b"<html><script>alert(1)</script></html>", b"BM" + bytes(60), b"MZ" + bytes(60),
     b"RIFF\0\0\0\0WAVE", b"II*\0" + bytes(60)],
)  # fmt: skip
def test_what_is_no_image_is_refused(data):
    assert refusal(data) == "This is not a JPEG, PNG, GIF, WebP or SVG image."


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"<svg"]), st.binary())
def test_the_right_beginning_is_not_enough(beginning, rest):
    refusal(beginning + rest)


@given(st.sampled_from(sorted(PICTURES)), st.integers(0, 10_000), st.integers(0, 255))
def test_a_flipped_byte_is_taken_or_refused_and_nothing_else(kind, place, byte):
    data = bytearray(PICTURES[kind])
    data[place % len(data)] = byte

    try:
        assert media.inspect(bytes(data)).width > 0
    except Invalid as refused:
        assert list(refused.errors) == ["file"]


def test_a_file_that_is_too_large_is_refused():
    assert refusal(PICTURES["PNG"] + bytes(media.MAX_BYTES)) == "The image is larger than 5 MiB."


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")

    assert refusal(bomb) == "The image has more than 50 million pixels."


def test_an_animation_is_taken_and_its_frames_are_looked_at():
    frames = [Pillow.effect_noise((20, 20), 50).convert("P") for _ in range(3)]
    data = io.BytesIO()
    frames[0].save(data, "GIF", save_all=True, append_images=frames[1:])

    assert media.inspect(data.getvalue()).width == 20
    assert refusal(data.getvalue()[:-200]) == "The image is damaged or incomplete."


# SVG


@pytest.mark.parametrize(
    ("root", "size"),
    [
        ('width="30" height="20"', (30, 20)),
        ('width="30.5px" height="20pt"', (30, 20)),
        ('width="100%" height="100%" viewBox="0 0 640 480"', (640, 480)),
        ('viewBox="-1.5,0,12.5 7"', (12, 7)),
        ("", (300, 150)),
        ('width="1e9" height="-3"', (300, 150)),
    ],
)
def test_the_size_of_a_drawing(root, size):
    image = media.inspect(f'<svg xmlns="http://www.w3.org/2000/svg" {root}><path d="M0 0"/></svg>'.encode())

    assert (image.type, image.width, image.height) == ("image/svg+xml", *size)
    assert b"<path" in image.data


@pytest.mark.parametrize(
    ("drawn", "harm"),
    [
        ("<script>alert(1)</script>", b"alert"),
        ("<g onload='alert(1)' onclick='alert(1)'/>", b"alert"),
        ("<a href='javascript:alert(1)'><text>x</text></a>", b"alert"),
        ("<image href='https://evil.test/x.png'/>", b"evil.test"),
        ("<use href='https://evil.test/x.svg#a'/>", b"evil.test"),
        ("<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'>alert(1)</body></foreignObject>", b"alert"),
        ("<style>@import url(https://evil.test/); rect { fill: red }</style>", b"import"),
        ("<style>rect { fill: url(https://evil.test/) }</style>", b"evil.test"),
        ("<rect style='fill: url(https://evil.test/)'/>", b"evil.test"),
        ("<animate attributeName='href' values='javascript:alert(1)'/>", b"href"),
        ("<set attributeName='onload' to='alert(1)'/>", b"onload"),
    ],
)
def test_nothing_harmful_stays_in_a_drawing(drawn, harm):
    assert harm not in media.inspect(SVG.format(drawn).encode()).data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (SVG.format("<g>"), "not well-formed"),
        ("<?xml version='1.0'?><html/>", "some other kind of XML"),
        ("<!-- x --><p/>", "some other kind of XML"),
        ("<!DOCTYPE svg [<!ENTITY a 'x'>]>" + SVG.format("<text>&a;</text>"), "declares entities"),
        ("<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + SVG.format("&a;"), "declares entities"),
        (SVG.format("<g>" * 100_000 + "</g>" * 100_000), "too many elements"),
        (SVG.format("<g/>" * 60_000), "too many elements"),
        (SVG.format("<!--" + "x" * svg.MAX_BYTES + "-->"), "larger than 1 MiB"),
    ],
)
def test_a_drawing_that_is_a_danger_is_refused(data, why):
    assert why in refusal(data.encode())


def test_pillow_is_loaded_only_when_it_is_needed():
    assert "PIL" not in vars(media)
    assert "py_svg_hush" not in vars(svg)
    assert sys.modules["PIL.Image"].MAX_IMAGE_PIXELS is None
