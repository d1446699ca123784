"""How the API answers."""

from http import HTTPStatus

from aiohttp import web

from inkstone.web.answers import Answer
from inkstone.web.render import PRIVATE


def answer(content: Answer, *, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    """A model's JSON; what the API says is nobody else's to keep."""
    return web.Response(
        status=status,
        text=content.model_dump_json(),
        content_type="application/json",
        headers={"Cache-Control": PRIVATE, "X-Content-Type-Options": "nosniff", **(headers or {})},
    )


def nothing() -> web.Response:
    """204: done, and there is nothing to say."""
    return web.Response(status=HTTPStatus.NO_CONTENT, headers={"Cache-Control": PRIVATE})
