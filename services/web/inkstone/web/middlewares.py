"""What happens to every request around its handler."""

import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from inkstone.domain.errors import (
    Busy,
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    SignInRequired,
    Stale,
    TooManyAttempts,
    TooSlow,
    Unavailable,
    VersionRequired,
)
from inkstone.keys import USER
from inkstone.web import problems, sessions
from inkstone.web.turns import SAFE_METHODS, in_turn

log = logging.getLogger(__name__)

STATUS: dict[type[DomainError], int] = {
    Malformed: 400,
    SignInRequired: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Stale: 412,
    Invalid: 422,
    VersionRequired: 428,
    TooManyAttempts: 429,
    Unavailable: 503,
    Busy: 503,
    TooSlow: 503,
}


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each failure its status and its form: a page, or a problem document under /api/."""
    try:
        return await handler(request)
    except DomainError as error:
        return problems.answer(request, STATUS[type(error)], error)
    except (HttpProcessingError, web.RequestPayloadError, ConnectionResetError):
        response = problems.answer(request, 400, Malformed("The body is not what its headers say."))
        response.force_close()  # where it ends, and the next request begins, can't be known
        return response
    except web.HTTPError as error:
        return problems.answer(request, error.status, error)
    except web.HTTPException:
        raise
    except Exception as error:
        log.exception("%s %s failed", request.method, request.path)
        return problems.answer(request, 500, error)


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site made the browser send (Fetch Metadata, or Origin where a browser has none)."""
    if request.method not in SAFE_METHODS and not _comes_from_here(request):
        raise Forbidden(
            "This request came from another site, or doesn't say from where: send Origin or Sec-Fetch-Site."
        )
    return await handler(request)


def _comes_from_here(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    # An origin is a scheme and a host, no whole URL; whatever else somebody sends is another site's.
    return request.headers.get("Origin", "").partition("://")[2] == request.host


@web.middleware
async def load_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who is signed in; whoever brings no cookie costs no query."""
    if sessions.has_cookie(request) and (user := await sessions.user_of(request)):
        request[USER] = user
    return await handler(request)


ALL = [errors, same_origin, in_turn, load_user]
