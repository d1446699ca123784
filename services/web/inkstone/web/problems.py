"""What a failure looks like: an HTML page, or RFC 9457 problem details under /api/."""

from http import HTTPStatus

from aiohttp import web

from inkstone.domain.errors import DomainError, Invalid, SignInRequired, Stale, TooManyAttempts
from inkstone.logs.trail import request_id
from inkstone.storage import clock
from inkstone.web.answers import PostAnswer, Problem, ProblemField
from inkstone.web.render import page, redirect

_RETRY_SECONDS = 5

_MESSAGES = {
    404: "There is nothing at this address.",
    405: "This address doesn't take this kind of request.",
    413: "This is too large.",
    500: "Something went wrong. It has been logged.",
}


def answer(request: web.Request, status: int, error: Exception) -> web.Response:
    """The response for a failure; only what the blog itself raises is told to the visitor."""
    message = str(error) if isinstance(error, DomainError) else _MESSAGES.get(status, _title(status) + ".")
    if request.path.startswith("/api/"):
        response = _document(status, message, error)
    elif isinstance(error, SignInRequired) and request.method in {"GET", "HEAD"}:
        return redirect(request, "signin", query={"next": request.path_qs})
    else:
        title, id = _title(status), request_id()
        response = page(
            request, "error.html", http_status=status, status=status, title=title, message=message, request_id=id
        )
    _add_headers(response, status, error)
    return response


def _document(status: int, message: str, error: Exception) -> web.Response:
    fields = error.errors.items() if isinstance(error, Invalid) else ()
    problem = Problem(
        title=_title(status),
        status=status,
        detail=message,
        errors=[ProblemField(field=field, message=text) for field, text in fields],
        request_id=request_id(),
        current=PostAnswer.of(error.current, clock.now()) if isinstance(error, Stale) else None,
    )
    text = problem.model_dump_json(exclude=None if problem.current else {"current"})
    return web.Response(status=status, text=text, content_type="application/problem+json")


def _add_headers(response: web.Response, status: int, error: Exception) -> None:
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after)
    elif status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = error.headers["Allow"]


def _title(status: int) -> str:
    return HTTPStatus(status).phrase
