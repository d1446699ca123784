"""Search in JSON."""

from aiohttp import web

from inkstone.web import hits, reading
from inkstone.web.answers import HitAnswer, Page
from inkstone.web.api.answering import answer
from inkstone.web.api.queries import SearchQuery


async def index(request: web.Request) -> web.Response:
    """Search published posts, best first."""
    query = SearchQuery.parse(request.query)
    async with reading.database(request).connection() as db:
        found, cursor = await hits.best(db, hits.readable(query.q), limit=query.limit, before=query.before)
    items = [
        HitAnswer(
            id=hit.post.id,
            slug=hit.post.slug,
            name=hit.post.name,
            snippet=hit.snippet_html,
            published_at=hit.post.published_at,
        )
        for hit in found
    ]
    return answer(Page[HitAnswer](items=items, next=cursor))
