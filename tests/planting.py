"""The application with handlers that go wrong in ways no reader can bring about, and one that tells what is loaded."""

import sys

from aiohttp import web

from inkstone import app
from inkstone.keys import DATABASE
from tests import marks


async def application() -> web.Application:
    """What the tests' gunicorn serves."""
    made = await app.application()
    made.router.add_get("/planted/failure", _fail)
    made.router.add_get("/planted/words", _fail_in_words)
    made.router.add_get("/planted/statement", _fail_in_the_database)
    made.router.add_get("/planted/modules", _tell_modules)
    return made


async def _fail(_: web.Request) -> web.Response:
    password = marks.LOCAL
    raise LookupError(f"planted, with a local of {len(password)} characters")


async def _fail_in_words(request: web.Request) -> web.Response:
    """As a careless library does: with what it was given in its words."""
    settings = request.app[app.SETTINGS]
    known = f"{settings.database_url.password} {settings.secret_keys[0]}"
    raise LookupError(f"planted {known}; Cookie: {marks.COOKIE}; {marks.SESSION}; password={marks.WORD!r}")


async def _fail_in_the_database(request: web.Request) -> web.Response:
    async with request.app[DATABASE].connection() as db:
        await db.one("SELECT planted FORM users WHERE credential = %s", marks.VALUE)
    return web.Response()


async def _tell_modules(_: web.Request) -> web.Response:
    return web.json_response(sorted(sys.modules))
