"""Images, at addresses that never change their meaning."""

from aiohttp import web

from inkstone.domain.errors import NotFound
from inkstone.domain.media import EXTENSIONS
from inkstone.storage import media
from inkstone.web import reading
from inkstone.web.render import IMMUTABLE


async def show(request: web.Request) -> web.Response:
    """GET /media/{id}.{extension}"""
    media_id, extension = request.match_info["id"], request.match_info["extension"]
    async with reading.database(request).connection() as db:
        medium = await media.get(db, media_id)
        if EXTENSIONS[medium.type] != extension:
            raise NotFound("There is no such image.")
        headers = {
            "Cache-Control": IMMUTABLE,
            "ETag": f'"{medium.id}"',
            "X-Content-Type-Options": "nosniff",
            # Opened by itself an SVG is a document: this one may do nothing.
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        }
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        data = await media.content(db, media_id)
    return web.Response(body=data, content_type=medium.type, headers=headers)
