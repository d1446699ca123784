"""The API's description, for programs and for people."""

import json

from aiohttp import web

from inkstone.keys import SETTINGS
from inkstone.web import openapi, sessions
from inkstone.web.render import page, text

DOCUMENT = web.AppKey("openapi", dict[str, object])


def setup(app: web.Application) -> None:
    """Make the document once."""
    settings = app[SETTINGS]
    app[DOCUMENT] = openapi.document(settings.site_name, settings.site_url, sessions.cookie_name(settings))


async def as_json(request: web.Request) -> web.Response:
    """GET /api/openapi.json"""
    return text(request, json.dumps(request.app[DOCUMENT], ensure_ascii=False), "application/json")


async def as_page(request: web.Request) -> web.Response:
    """GET /api/docs"""
    return page(request, "api/docs.html", document=request.app[DOCUMENT])
