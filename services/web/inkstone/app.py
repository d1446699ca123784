"""Puts the parts together; gunicorn calls `application`."""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator

from aiohttp import web

from inkstone.config import ConfigError, Settings
from inkstone.keys import DATABASE, SETTINGS, WORKERS
from inkstone.storage.database import Database
from inkstone.web import assets, description, draining, middlewares, render
from inkstone.web.body import MAX_BYTES
from inkstone.web.offload import executor
from inkstone.web.routes import ROUTES, URLS


async def application() -> web.Application:
    """What gunicorn runs in each worker; a setting that is missing ends the start with one line."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    try:
        return create_app(Settings.from_environment(os.environ))
    except ConfigError as error:
        # Status 4 is gunicorn's APP_LOAD_ERROR: its master then stops, instead of starting the worker again and again.
        sys.stderr.write(f"inkstone: {error}\n")
        sys.exit(4)


def create_app(settings: Settings) -> web.Application:
    """The application, not yet started; it starts without a database, and recovers when that comes."""
    app = web.Application(middlewares=middlewares.ALL, client_max_size=MAX_BYTES)
    app[SETTINGS] = settings
    app.add_routes(ROUTES)
    render.setup(app, URLS)
    description.setup(app)
    assets.setup(app)
    app.cleanup_ctx.append(_database)
    app.cleanup_ctx.append(_workers)
    draining.setup(app)
    return app


async def _database(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    database = app[DATABASE] = Database(settings.database_url, settings.database_pool_size)
    filling = asyncio.create_task(database.keep_filled())
    yield
    filling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await filling
    await database.close()


async def _workers(app: web.Application) -> AsyncIterator[None]:
    app[WORKERS] = executor()
    yield
    app[WORKERS].shutdown(wait=False, cancel_futures=True)
