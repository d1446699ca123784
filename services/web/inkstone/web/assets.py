"""The style sheet, the editor and the icons: read once, for there are few, and sent from memory."""

import mimetypes
from dataclasses import dataclass
from importlib import resources

from aiohttp import web

from inkstone.domain.errors import NotFound
from inkstone.web.render import IMMUTABLE


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with a hash in its name, and the same compressed by the build, where that is smaller."""

    content_type: str
    data: bytes
    gzipped: bytes | None


ASSETS = web.AppKey("assets", dict[str, Asset])


def setup(app: web.Application) -> None:
    """Read what the front end's build has left in static/."""
    folder = resources.files("inkstone") / "static"
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} if folder.is_dir() else {}
    app[ASSETS] = {
        name: Asset(mimetypes.guess_type(name)[0] or "application/octet-stream", data, files.get(f"{name}.gz"))
        for name, data in files.items()
        if not name.endswith(".gz") and name != "manifest.json"
    }


async def show(request: web.Request) -> web.Response:
    """GET /static/{name}"""
    asset = request.app[ASSETS].get(request.match_info["name"])
    if asset is None:
        raise NotFound("There is no such file; perhaps it belongs to another release.")
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if asset.gzipped and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=asset.gzipped, content_type=asset.content_type, headers=headers)
    return web.Response(body=asset.data, content_type=asset.content_type, headers=headers)
