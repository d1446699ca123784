"""Alive asks nobody, ready asks the database."""

from aiohttp import web

from inkstone.keys import DATABASE
from inkstone.storage import schema


async def alive(request: web.Request) -> web.Response:
    """GET /healthz: 200 as long as the process answers."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: 200 when the database answers and has the schema, else 503."""
    async with request.app[DATABASE].connection() as db:
        await schema.check(db)
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})
