"""From what a list was asked for to what it answers: one row too many says whether there is more."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from aiohttp import web

from inkstone.domain.posts import Teaser
from inkstone.storage.paging import Cursor
from inkstone.web.render import url

Row = TypeVar("Row")

PER_PAGE = 10
PER_MANAGE_PAGE = 50


def before(request: web.Request) -> Cursor | None:
    """The cursor in ?before=; raises Invalid."""
    text = request.query.get("before")
    return Cursor.parse(text) if text else None


def cut(rows: Sequence[Row], limit: int, cursor: Callable[[Row], str]) -> tuple[list[Row], str | None]:
    """The first `limit` of at most one more rows, and the cursor to go on with where there is more."""
    shown = list(rows[:limit])
    return shown, cursor(shown[-1]) if len(rows) > limit else None


def published_cursor(post: Teaser) -> str:
    """Where a list of published posts goes on."""
    if post.published_at is None:
        raise ValueError("a draft is in no list of published posts")
    return str(Cursor(post.published_at, post.id))


def next_url(
    request: web.Request, route: str, cursor: str | None, query: dict[str, str] | None = None, **parts: str
) -> str | None:
    """The address of the list's next page."""
    return url(request, route, {**(query or {}), "before": cursor}, **parts) if cursor else None
