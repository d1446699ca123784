"""The typed keys under which the application and the request carry things."""

from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from inkstone.config import Settings
from inkstone.domain.users import User
from inkstone.metrics.catalogue import Metrics
from inkstone.storage.database import Database
from inkstone.storage.replica import Replica

SETTINGS = web.AppKey("settings", Settings)
METRICS = web.AppKey("metrics", Metrics)
DATABASE = web.AppKey("database", Database)
REPLICA = web.AppKey("replica", Replica)
"""Where those may read who are not signed in; absent where no such server is set."""
WORKERS = web.AppKey("workers", ThreadPoolExecutor)
"""Threads for what would hold up the event loop: hashing, rendering, images."""

USER = web.RequestKey("user", User)
"""Who is signed in; absent for a visitor."""
