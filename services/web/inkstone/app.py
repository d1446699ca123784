"""Puts the parts together; gunicorn calls `application`."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from functools import partial
from pathlib import Path

from aiohttp import web

from inkstone.config import ConfigError, DatabaseAddress, Settings
from inkstone.keys import DATABASE, METRICS, REPLICA, SETTINGS, WORKERS
from inkstone.logs.journal import JOURNAL
from inkstone.logs.scrubbing import keep_secret
from inkstone.metrics.catalogue import Metrics
from inkstone.storage.database import Database
from inkstone.storage.replica import NAME, REPLICA_ROLE, Replica
from inkstone.web import (
    assets,
    description,
    development,
    draining,
    health,
    measuring,
    middlewares,
    reading,
    render,
    telling,
    turns,
)
from inkstone.web.body import MAX_BYTES
from inkstone.web.offload import executor
from inkstone.web.routes import DEVELOPMENT, ROUTES, URLS


async def application() -> web.Application:
    """What gunicorn runs in each worker; a setting that is missing ends the start with one line."""
    logging.captureWarnings(capture=True)
    try:
        settings = Settings.from_environment(os.environ)
    except ConfigError as error:
        # Status 4 is gunicorn's APP_LOAD_ERROR: its master then stops, instead of starting the worker again and again.
        sys.stderr.write(f"inkstone: {error}\n")
        sys.exit(4)
    keep_secret(settings.secrets)
    # No setting: gunicorn.conf.py makes it for its workers, where there are several.
    folder = os.environ.get("INKSTONE_METRICS_FOLDER")
    return create_app(settings, Path(folder) if folder else None)


def create_app(settings: Settings, metrics_folder: Path | None = None) -> web.Application:
    """The application, not yet started; it starts without a database, and recovers when that comes."""
    app = web.Application(middlewares=middlewares.ALL, client_max_size=MAX_BYTES)
    app[SETTINGS] = settings
    app[METRICS] = Metrics()
    if settings.development:
        development.setup(app)
        app.add_routes(DEVELOPMENT)
    app.add_routes(ROUTES)
    turns.setup(app)
    render.setup(app, URLS)
    description.setup(app)
    assets.setup(app)
    app.cleanup_ctx.append(_database)
    if settings.read_database_url:
        app.cleanup_ctx.append(partial(_replica, settings.read_database_url))
    app.cleanup_ctx.append(_workers)
    health.setup(app)
    draining.setup(app)
    reading.setup(app)
    telling.setup(app)
    measuring.setup(app, metrics_folder)
    app.on_cleanup.append(_write_down)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    app[DATABASE] = Database(settings.database_url, settings.database_pool_size, metrics=app[METRICS])
    async with _pool(app[DATABASE]):
        yield


async def _replica(address: DatabaseAddress, app: web.Application) -> AsyncIterator[None]:
    size = app[SETTINGS].database_pool_size
    database = Database(address, size, NAME, role=REPLICA_ROLE, metrics=app[METRICS])
    app[REPLICA] = replica = Replica(app[DATABASE], database)
    async with _pool(database), _running(replica.watch()):
        yield


@contextlib.asynccontextmanager
async def _pool(database: Database) -> AsyncIterator[None]:
    async with _running(database.keep_filled()):
        yield
    await database.close()


@contextlib.asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _write_down(_: web.Application) -> None:
    JOURNAL.flush()


async def _workers(app: web.Application) -> AsyncIterator[None]:
    app[WORKERS] = executor()
    yield
    app[WORKERS].shutdown(wait=False, cancel_futures=True)
