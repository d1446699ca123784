"""What is counted and told of every request, and GET /metrics."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Handler

from inkstone.keys import DATABASE, METRICS, REPLICA
from inkstone.metrics import exposition, sharing
from inkstone.metrics.process import Process
from inkstone.storage.database import PRIMARY, Database
from inkstone.storage.replica import REPLICA_ROLE
from inkstone.web import telling
from inkstone.web.render import URLS

UNKNOWN = "unknown"
"""The route of what is at no address of ours: there are as many of those as anybody likes."""

_ROUTES: web.AppKey[Mapping[web.AbstractRoute, str]] = web.AppKey("route_names")
_FOLDER = web.AppKey("metrics_folder", sharing.Folder)
_PROCESS = web.AppKey("process", Process)
_WRITING = web.AppKey("metrics_writing", asyncio.Lock)
_READS = {"GET", "HEAD", "OPTIONS"}
_REST = "/{path}"
# What aiohttp answers is told to nobody then; nginx has this number for it.
_GONE = 499
_WRITE_SECONDS = 1.0


def setup(app: web.Application, folder: Path | None) -> None:
    """Count requests; `folder` is where several processes on one port put their numbers together."""
    app[_ROUTES] = {route: _name(route, app[URLS]) for route in app.router.routes()}
    app[_PROCESS] = Process()
    app[_WRITING] = asyncio.Lock()
    app[METRICS].in_flight.by[()] = 0
    app.middlewares.insert(0, _measure)
    if folder:
        app[_FOLDER] = sharing.Folder(folder)
        app.cleanup_ctx.append(_share)


def _name(route: web.AbstractRoute, urls: Mapping[str, str]) -> str:
    """The name in web/routes.py of what is at this address, or else the address with underscores: api_posts_id."""
    path = route.resource.canonical if route.resource else _REST
    if path == _REST:
        return UNKNOWN
    names = {pattern: name for name, pattern in urls.items()}
    return names.get(path, re.sub(r"\W+", "_", path).strip("_"))


@web.middleware
async def _measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    started = perf_counter()
    trail = telling.begin(request)
    metrics = request.app[METRICS]
    metrics.in_flight.by[()] += 1
    status = _GONE
    try:
        response = await handler(request)
        status = response.status
        response.headers[telling.HEADER] = trail.id
        return response
    except web.HTTPException as error:
        status = error.status
        error.headers[telling.HEADER] = trail.id
        raise
    finally:
        ended = perf_counter()
        metrics.in_flight.by[()] -= 1
        route = request.app[_ROUTES].get(request.match_info.route, UNKNOWN)
        method = "read" if request.method in _READS else "write"
        metrics.requests.by[route, method, status] += 1
        metrics.request_time.by[route, method].add(ended - started)
        telling.end(request, trail, route, status, started, ended)


async def show(request: web.Request) -> web.Response:
    """GET /metrics: of all processes of this replica; nginx passes nobody on to it."""
    # What is told is left for the others first, so that it is still told when this process is killed the next moment.
    mine = await _write(request.app)
    body = await asyncio.to_thread(_text, request.app, mine)
    return web.Response(body=body, headers={"Content-Type": exposition.CONTENT_TYPE, "Cache-Control": "no-store"})


def _text(app: web.Application, mine: sharing.Snapshot) -> bytes:
    others = app[_FOLDER].others() if _FOLDER in app else []
    return exposition.text(sharing.joined([mine, *others]))


async def _write(app: web.Application) -> sharing.Snapshot:
    """This process's numbers, left for the others where there are any."""
    async with app[_WRITING]:
        mine = await _look(app)
        if _FOLDER in app:
            await asyncio.to_thread(app[_FOLDER].write, mine)
        return mine


async def _look(app: web.Application) -> sharing.Snapshot:
    """This process's numbers, with what is not counted as it happens but looked at."""
    metrics = app[METRICS]
    app[_PROCESS].tell(metrics, await asyncio.to_thread(app[_PROCESS].look))
    _look_at(app, PRIMARY, app[DATABASE])
    if REPLICA in app:
        _look_at(app, REPLICA_ROLE, app[REPLICA].database)
        metrics.replica_usable.by[()] = app[REPLICA].usable
    return sharing.snapshot(metrics)


def _look_at(app: web.Application, role: str, database: Database) -> None:
    metrics, usage = app[METRICS], database.usage
    metrics.pool_size.by[role,] = usage.size
    metrics.pool.by[role, "in_use"] = usage.in_use
    metrics.pool.by[role, "idle"] = usage.idle
    metrics.reachable.by[role,] = usage.reachable


async def _share(app: web.Application) -> AsyncIterator[None]:
    await asyncio.to_thread(app[_FOLDER].take_over, app[METRICS])
    await _write(app)
    writing = asyncio.create_task(_keep_writing(app))
    yield
    writing.cancel()
    await _write(app)


async def _keep_writing(app: web.Application) -> None:
    while True:
        await asyncio.sleep(_WRITE_SECONDS)
        await _write(app)
