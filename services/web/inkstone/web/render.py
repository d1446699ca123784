"""How answers are made: pages from templates, redirects, and the headers that all of them carry."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jinja2
from aiohttp import web
from aiohttp.web_response import ContentCoding
from isal import isal_zlib

from inkstone.keys import METRICS, SETTINGS
from inkstone.logs.trail import TRAIL
from inkstone.storage import clock
from inkstone.web import sessions, templating
from inkstone.web.access import visitor

TEMPLATES = web.AppKey("templates", jinja2.Environment)
RELEASE = web.AppKey("release", str)
URLS: web.AppKey[Mapping[str, str]] = web.AppKey("urls")

# Fresh for a second in shared caches, for another one while it is fetched anew, and for a day while we are away.
# nginx counts in whole seconds and would round both up, so that a page could be three seconds old. So it says when it
# asked, by its own clock, and is told to keep the page until that second ends, and through the next one while it is
# fetched anew: nobody sees what is older than two.
_ASKED = re.compile(r"t=([0-9]{1,12})\.[0-9]{3}", re.ASCII)
_PUBLIC = "public, max-age=0, s-maxage=1, stale-while-revalidate=1, stale-if-error=86400"
PRIVATE = "private, no-store"
IMMUTABLE = "public, max-age=31536000, immutable"

_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' https: data:; media-src 'self' https:; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding, Cookie",
}
# Those that services/nginx keeps in a cached page's address, too.
_ARGUMENTS = ("before", "after", "q", "status")
_COMPRESS_FROM = 1000
_COMPRESS_IN_THREAD_FROM = 64 * 1024


def setup(app: web.Application, urls: Mapping[str, str]) -> None:
    """Give the application its templates; `urls` are the named routes' patterns."""
    aiohttp.set_zlib_backend(isal_zlib)  # a third of zlib's time for a page, and no more bytes
    app[RELEASE] = templating.release(app[SETTINGS])
    app[TEMPLATES] = templating.environment(app[SETTINGS], urls, app[RELEASE])
    app[URLS] = urls


def page(
    request: web.Request,
    template: str,
    *,
    http_status: int = 200,
    content_type: str = "text/html",
    state: object = None,
    **context: Any,
) -> web.Response:
    """A template's text, with the headers that say how long it may be kept.

    `state` is what the page shows, in few words: who has the page of this address and this state is told so (304),
    before it is made. Its repr() is what counts.
    """
    path, etag = _path(request), None
    if state is not None and _is_shared(request, http_status):
        etag = _etag(repr((request.app[RELEASE], template, path, state)).encode())
        if _has(request, etag):
            return _not_modified(request, etag)
    started = perf_counter()
    made = request.app[TEMPLATES].get_template(template)
    content = made.render(user=visitor(request), path=path, now=clock.now(), **context)
    _note(request, template, started, perf_counter())
    return _answer(request, content.encode("utf-8", "replace"), http_status, content_type, etag)


def _note(request: web.Request, template: str, started: float, ended: float) -> None:
    request.app[METRICS].render_time.by[template,].add(ended - started)
    if trail := TRAIL.get():
        trail.rendered(template, started, ended)


def text(request: web.Request, content: str, content_type: str) -> web.Response:
    """Something that isn't made from a template, under the same rules as a page."""
    return _answer(request, content.encode("utf-8", "replace"), 200, content_type)


def redirect(request: web.Request, route: str, query: Mapping[str, str] | None = None, **parts: str) -> web.Response:
    """Send the browser to a page by GET (303)."""
    return _moved(303, url(request, route, query, **parts))


def redirect_to(path: str) -> web.Response:
    """Send the browser by GET to a path that has been checked to be ours."""
    return _moved(303, path)


def moved_permanently(request: web.Request, route: str, **parts: str) -> web.Response:
    response = _moved(301, url(request, route, None, **parts))
    response.headers["Cache-Control"] = _PUBLIC
    return response


def url(request: web.Request, route: str, query: Mapping[str, str] | None = None, **parts: str) -> str:
    """The path of a named route, as templates write it with `url(…)`."""
    return templating.url(request.app[URLS], route, query, **parts)


def _path(request: web.Request) -> str:
    """The address with the arguments that pages know: anything else would end up in everybody's copy of the page."""
    known = {name: request.query[name] for name in _ARGUMENTS if name in request.query}
    return f"{request.raw_path.partition('?')[0]}?{urlencode(known)}" if known else request.raw_path.partition("?")[0]


def _moved(status: int, location: str) -> web.Response:
    return web.Response(status=status, headers={"Location": location, "Cache-Control": PRIVATE})


def _answer(request: web.Request, body: bytes, status: int, content_type: str, etag: str | None = None) -> web.Response:
    headers = {**_PAGE_HEADERS, "Cache-Control": PRIVATE}
    if _is_shared(request, status):
        etag = etag or _etag(body)
        if _has(request, etag):
            return _not_modified(request, etag)
        headers |= _shared_headers(request, etag)
    response = web.Response(
        body=body,
        status=status,
        headers=headers,
        content_type=content_type,
        charset="utf-8",
        zlib_executor_size=_COMPRESS_IN_THREAD_FROM,
    )
    if len(body) >= _COMPRESS_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(ContentCoding.gzip)
    return response


def _is_shared(request: web.Request, status: int) -> bool:
    """Whether everybody gets the same."""
    return status == 200 and request.method in {"GET", "HEAD"} and not sessions.has_cookie(request)


def _etag(content: bytes) -> str:
    # Weak, since the compressed page carries it too.
    return f'W/"{blake2b(content, digest_size=12).hexdigest()}"'


def _has(request: web.Request, etag: str) -> bool:
    return etag in [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]


def _not_modified(request: web.Request, etag: str) -> web.Response:
    return web.Response(status=304, headers={**_PAGE_HEADERS, **_shared_headers(request, etag)})


def _shared_headers(request: web.Request, etag: str) -> dict[str, str]:
    headers = {"Cache-Control": _PUBLIC, "ETag": etag}
    if asked := _ASKED.fullmatch(request.headers.get("X-Request-Start", "")):
        headers["X-Accel-Expires"] = f"@{asked[1]}"  # behind Cache-Control, of which the rest still counts
    return headers
