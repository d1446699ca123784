"""The typed keys under which the application and the request carry things."""

from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from inkstone.config import Settings
from inkstone.domain.users import User
from inkstone.storage.database import Database

SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
WORKERS = web.AppKey("workers", ThreadPoolExecutor)
"""Threads for what would hold up the event loop: hashing, rendering, images."""

USER = web.RequestKey("user", User)
"""Who is signed in; absent for a visitor."""
