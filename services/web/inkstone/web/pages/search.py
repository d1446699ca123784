"""The search page."""

from aiohttp import web

from inkstone.web import hits, reading
from inkstone.web.paging import PER_PAGE, next_url
from inkstone.web.render import page


async def index(request: web.Request) -> web.Response:
    """GET /search"""
    query = hits.readable(request.query.get("q", ""))
    async with reading.database(request).connection() as db:
        found, cursor = await hits.best(db, query, limit=PER_PAGE, before=request.query.get("before") or None)
    older = next_url(request, "search", cursor, {"q": query})
    return page(request, "posts/search.html", query=query, hits=found, next_url=older)
