"""/api/media and /media/{id}.{extension}"""

import asyncio
import io
import struct
import zlib

import aiohttp
import pytest
from PIL import Image

from tests.conftest import Browser
from tests.samples import picture

TYPES = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="20"><circle r="4"/>{}</svg>'


def huge_png() -> bytes:
    """A few bytes that say they are 60,000 by 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def multipart(
    data: bytes, name: str = "cup.png", field: str = "file", content_type: str = "image/png"
) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)  # as browsers do
    form.add_field(field, io.BytesIO(data), filename=name, content_type=content_type)
    return form


@pytest.fixture
def alice(client: Browser, cast) -> Browser:
    return client.sign_in(cast.alice)


@pytest.mark.parametrize("format", TYPES)
async def test_an_image_is_told_by_its_content_and_served_as_that(alice: Browser, browsers, format):
    data = picture(format)

    reply = await alice.post("/api/media?name=cup.exe", data=data, headers={"Content-Type": "text/html"})

    content_type, extension = TYPES[format]
    assert reply.status == 201
    medium = reply.json
    assert (medium["type"], medium["width"], medium["height"], medium["bytes"]) == (content_type, 6, 4, len(data))
    assert medium["name"] == "cup.exe"
    assert medium["url"] == reply.headers["Location"] == f"/media/{medium['id']}.{extension}"
    served = await browsers().get(medium["url"])
    assert (served.status, served.body) == (200, data)
    assert served.headers["Content-Type"] == content_type


async def test_what_is_served_never_changes_and_does_nothing(alice: Browser, browsers):
    url = (await alice.post("/api/media", data=picture())).json["url"]

    served = await browsers().get(url)

    assert served.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in served.headers["Content-Security-Policy"]
    assert "sandbox" in served.headers["Content-Security-Policy"]
    again = await browsers().get(url, headers={"If-None-Match": served.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert (await browsers().request("HEAD", url)).headers["Content-Length"] == str(len(served.body))


async def test_a_form_takes_a_file_as_well(alice: Browser):
    reply = await alice.post("/api/media", data=multipart(picture(), "茶杯 🍵.txt", content_type="text/plain"))

    assert reply.status == 201
    assert (reply.json["name"], reply.json["type"]) == ("茶杯 🍵.txt", "image/png")


async def test_the_same_image_is_stored_once(alice: Browser, browsers, cast):
    bob = browsers().sign_in(cast.bob)

    replies = await asyncio.gather(*[who.post("/api/media", data=picture()) for who in (alice, bob, alice, bob)])

    assert [reply.status for reply in replies] == [201] * 4
    assert len({reply.json["id"] for reply in replies}) == 1
    assert len((await browsers().sign_in(cast.ada).get("/api/media")).json["items"]) == 1


@pytest.mark.parametrize("extension", ["jpg", "svg", "PNG", "html", "png.html"])
async def test_another_extension_is_not_found(alice: Browser, extension):
    medium = (await alice.post("/api/media", data=picture())).json

    assert (await alice.get(f"/media/{medium['id']}.{extension}")).status == 404


@pytest.mark.parametrize(
    "path", ["0" * 64 + ".png", "x.png", "茶.png", "%ff.png", "%00.png", "..%2f..%2fetc%2fpasswd.png"]
)
async def test_what_is_not_there_is_not_found(client: Browser, path):
    assert (await client.get(f"/media/{path}")).status == 404


async def test_an_svg_is_kept_and_made_harmless(alice: Browser, browsers):
    evil = (
        "<script>alert(1)</script><a href='javascript:alert(1)'><text>x</text></a>"
        "<image href='https://track.test/x.png'/><foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>"
        "<circle r='1' onload='alert(1)'/>"
    )

    reply = await alice.post("/api/media", data=SVG.format(evil).encode())

    assert reply.status == 201, reply.text
    served = await browsers().get(reply.json["url"])
    assert served.headers["Content-Type"] == "image/svg+xml"
    assert "<circle" in served.text
    for harm in ("script", "javascript", "onload", "track.test", "foreignObject"):
        assert harm not in served.text
    assert (reply.json["width"], reply.json["height"]) == (10, 20)
    assert reply.json["bytes"] == len(served.body)


def _animation() -> bytes:
    frames = [Image.new("P", (8, 8), color) for color in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


async def test_an_animation_is_kept_as_it_is(alice: Browser):
    data = _animation()

    reply = await alice.post("/api/media", data=data)

    assert (await alice.get(reply.json["url"])).body == data


NO_IMAGES = {
    "nothing": b"",
    "text": b"Dear diary",
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a PDF": b"%PDF-1.7\n1 0 obj",
    "a signature alone": b"\x89PNG\r\n\x1a\n",
    "another format of Pillow's": picture("BMP"),
    "half a PNG": picture()[:-20],
    "half a JPEG": picture("JPEG", (400, 400))[:-200],
    "half a GIF": picture("GIF", (40, 40))[:-12],
    "half a WebP": picture("WEBP", (40, 40))[:-12],
    "SVG that isn't XML": b"<svg xmlns='http://www.w3.org/2000/svg'><circle",
    "SVG with entities": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "x">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
    "XML that isn't SVG": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
}


@pytest.mark.parametrize("data", NO_IMAGES.values(), ids=NO_IMAGES)
async def test_what_is_no_whole_image_is_refused(alice: Browser, data):
    reply = await alice.post("/api/media?name=cup.png", data=data, headers={"Content-Type": "image/png"})

    assert reply.status == 422, reply.text
    assert list(reply.problem) == ["file"]
    assert (await alice.get("/api/media")).json["items"] == []


async def test_too_many_pixels_are_refused(alice: Browser):
    reply = await alice.post("/api/media", data=huge_png())

    assert reply.status == 422
    assert "pixels" in reply.problem["file"]


async def test_too_many_bytes_are_refused(alice: Browser):
    larger_than_an_image = picture() + b"\0" * (5 * 1024 * 1024)
    larger_than_a_request = picture() + b"\0" * (7 * 1024 * 1024)

    image = await alice.post("/api/media", data=io.BytesIO(larger_than_an_image))
    request = await alice.post("/api/media", data=io.BytesIO(larger_than_a_request))
    form = await alice.post("/api/media", data=multipart(larger_than_a_request))

    assert image.status == 422
    assert "5 MiB" in image.problem["file"]
    assert request.status == form.status == 413
    assert request.json["status"] == form.json["status"] == 413


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
        (b"no form", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nno file\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nContent-Type: image/png\r\n\r\nnameless\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name=file; filename="a.png"\r\n'
            b"Content-Transfer-Encoding: nonsense\r\n\r\nx\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name=file; filename="a.png"\r\n'
            b"Content-Encoding: nonsense\r\n\r\nx\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (
            b"--x\r\nContent-Disposition: form-data; name=note\r\n"
            b"Content-Type: text/plain; charset=nonsense\r\n\r\nx\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (
            b"--x\r\nContent-Disposition: form-data; name=note\r\n\r\n\xff\xfe\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nbad header\r\n\r\nx\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--" + b"x" * 80 + b"\r\n\r\n", "multipart/form-data; boundary=" + "x" * 80),
    ],
)
async def test_a_form_that_can_not_be_read_is_refused(alice: Browser, body, content_type):
    reply = await alice.post("/api/media", data=body, headers={"Content-Type": content_type})

    assert reply.status in {400, 422}, reply.text
    assert reply.problem is not None


@pytest.mark.parametrize("name", ["%00", "x" * 300])
async def test_a_name_that_can_not_be_kept_is_refused(alice: Browser, name):
    reply = await alice.post(f"/api/media?name={name}", data=picture())

    assert reply.status == 422
    assert list(reply.problem) == ["name"]


async def test_an_unknown_argument_is_refused(alice: Browser):
    reply = await alice.post("/api/media?nane=cup.png", data=picture())

    assert reply.status == 422
    assert list(reply.problem) == ["nane"]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(("who", "status"), [(None, 401), ("carol", 403)])
async def test_images_are_for_authors(client: Browser, cast, method, who, status):
    if who:
        client.sign_in(getattr(cast, who))

    assert (await client.request(method, "/api/media", data=picture())).status == status


async def test_authors_see_their_own_images_newest_first(alice: Browser, browsers, cast):
    bob, ada = browsers().sign_in(cast.bob), browsers().sign_in(cast.ada)
    for number, who in enumerate([alice, bob, alice, alice]):
        await who.post(f"/api/media?name={number}", data=picture(color=f"#{number}00000"))

    async def names(who: Browser) -> list[str]:
        found, before = [], ""
        while before is not None:
            page = (await who.get("/api/media?limit=2" + (f"&before={before}" if before else ""))).json
            found += [medium["name"] for medium in page["items"]]
            before = page["next"]
        return found

    assert await names(alice) == ["3", "2", "0"]
    assert await names(bob) == ["1"]
    assert await names(ada) == ["3", "2", "1", "0"]
