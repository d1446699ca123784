"""Tags in JSON."""

from aiohttp import web

from inkstone.storage import tags
from inkstone.web import reading
from inkstone.web.answers import Page, TagAnswer
from inkstone.web.api.answering import answer
from inkstone.web.api.queries import ListQuery
from inkstone.web.paging import cut


async def index(request: web.Request) -> web.Response:
    """List the tags in use, by name."""
    query = ListQuery.parse(request.query)
    async with reading.database(request).connection() as db:
        rows = await tags.by_slug(db, limit=query.limit + 1, after=query.before or "")
    shown, cursor = cut(rows, query.limit, lambda tag: tag.slug)
    return answer(Page[TagAnswer](items=[TagAnswer.of(tag) for tag in shown], next=cursor))
