"""Alive asks nobody, ready asks the database."""

from aiohttp import web

from inkstone.domain.errors import Unavailable
from inkstone.keys import DATABASE, REPLICA
from inkstone.storage import schema


async def alive(request: web.Request) -> web.Response:
    """GET /healthz: 200 as long as the process answers."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


async def ready(request: web.Request) -> web.Response:
    """GET /readyz: 200 when the database has the schema, or readers can be served from a replica; else 503."""
    try:
        async with request.app[DATABASE].connection() as db:
            await schema.check(db)
    except Unavailable:
        if REPLICA not in request.app or not request.app[REPLICA].usable:
            raise
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})
