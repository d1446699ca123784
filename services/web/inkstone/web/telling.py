"""A request's id, and what is told of it when it is over: a line in the log, and a trace where those are wanted."""

import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from aiohttp import web

from inkstone.keys import SETTINGS
from inkstone.logs.forms import FORMS, Form
from inkstone.logs.handling import REQUESTS
from inkstone.logs.journal import JOURNAL
from inkstone.logs.trail import TRAIL, Trail
from inkstone.web.sessions import within

if TYPE_CHECKING:
    from inkstone.logs.tracing import Tracer

HEADER = "X-Request-ID"

log = logging.getLogger(REQUESTS)

_FORM: web.AppKey[Form] = web.AppKey("log_form")
_TRUSTED: web.AppKey[Callable[[str], bool]] = web.AppKey("trusted")
_TRACER: web.AppKey["Tracer"] = web.AppKey("tracer")
# As nginx makes them.
_ID = re.compile("[0-9a-f]{32}")
# Asked every few seconds by those who look after us.
_PROBES = {"healthz", "readyz", "metrics"}


def setup(app: web.Application) -> None:
    """Tell in the form that the settings choose."""
    settings = app[SETTINGS]
    app[_FORM] = FORMS[settings.log_format]
    trusted: Callable[[str], bool] = lru_cache(maxsize=1024)(partial(within, networks=settings.trusted_proxies))
    app[_TRUSTED] = trusted
    if settings.traces_endpoint:
        app.cleanup_ctx.append(partial(_trace, settings.traces_endpoint))


def begin(request: web.Request) -> Trail:
    """Give the request its id: nginx's, or one of our own where somebody asks us who is not to be believed."""
    told = request.headers.get(HEADER, "")
    believed = _ID.fullmatch(told) and _is_trusted(request)
    trail = Trail(told if believed else secrets.token_hex(16), traced=_TRACER in request.app)
    TRAIL.set(trail)
    return trail


def _is_trusted(request: web.Request) -> bool:
    address = request.remote
    return not address or request.app[_TRUSTED](address)  # without an address: a unix socket


def end(request: web.Request, trail: Trail, route: str, status: int, started: float, ended: float) -> None:
    """Tell of a request that is over; both times are perf_counter's."""
    level = _level(route, status)
    if log.isEnabledFor(level):
        name = logging.getLevelName(level).lower()
        line = request.app[_FORM].request(time.time(), name, trail, route, request.method, status, ended - started)
        JOURNAL.add(line)
    if _TRACER in request.app:
        request.app[_TRACER].tell(trail, route, request.method, status, started, ended)


def _level(route: str, status: int) -> int:
    if route in _PROBES:
        return logging.DEBUG
    if status < 500:
        return logging.INFO
    return logging.ERROR if status == 500 else logging.WARNING


async def _trace(endpoint: str, app: web.Application) -> AsyncIterator[None]:
    # Here, so that nobody loads a library for it who wants no traces.
    from inkstone.logs.tracing import Tracer

    app[_TRACER] = tracer = Tracer(endpoint)
    yield
    await tracer.close()
