"""What programs read: feeds (RFC 4287, RSS 2.0, JSON Feed 1.1), sitemaps and robots.txt."""

import json
from uuid import UUID

from aiohttp import web

from inkstone.domain.posts import Post
from inkstone.keys import SETTINGS
from inkstone.storage import clock, months, posts
from inkstone.web import reading
from inkstone.web.pages.posts import span
from inkstone.web.render import page, text, url
from inkstone.web.templating import absolute

_ENTRIES = 20
_MOST_IN_A_SITEMAP = 50_000  # sitemaps.org


async def atom(request: web.Request) -> web.Response:
    """GET /feed.atom"""
    return await _xml_feed(request, "feeds/atom.xml", "feed_atom", "application/atom+xml")


async def rss(request: web.Request) -> web.Response:
    """GET /feed.rss"""
    return await _xml_feed(request, "feeds/rss.xml", "feed_rss", "application/rss+xml")


async def _xml_feed(request: web.Request, template: str, route: str, content_type: str) -> web.Response:
    entries = await _entries(request)
    updated = max((post.updated_at for post in entries), default=clock.now().replace(hour=0, minute=0, second=0))
    self_url = request.app[SETTINGS].site_url + url(request, route)
    state = [post.state for post in entries], updated
    return page(
        request, template, state=state, content_type=content_type, posts=entries, updated=updated, self_url=self_url
    )


async def json_feed(request: web.Request) -> web.Response:
    """GET /feed.json"""
    site = request.app[SETTINGS]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.site_name,
        "home_page_url": site.site_url + "/",
        "feed_url": site.site_url + url(request, "feed_json"),
        "language": site.language,
        "items": [_item(request, site.site_url, post) for post in await _entries(request)],
    }
    return text(request, json.dumps(feed, ensure_ascii=False), "application/feed+json")


def _item(request: web.Request, site_url: str, post: Post) -> dict[str, object]:
    return {
        "id": UUID(post.id).urn,
        "url": site_url + url(request, "post", slug=post.slug),
        "title": post.name,
        "summary": post.summary or post.excerpt,
        "content_html": absolute(post.html, site_url),
        "date_published": post.published_at and post.published_at.isoformat(),
        "date_modified": post.updated_at.isoformat(),
        "authors": [{"name": post.author_name}],
        "tags": post.tags,
    }


async def _entries(request: web.Request) -> list[Post]:
    async with reading.database(request).connection() as db:
        return await posts.latest_whole(db, limit=_ENTRIES)


async def sitemap(request: web.Request) -> web.Response:
    """GET /sitemap.xml: one sitemap a month"""
    async with reading.database(request).connection() as db:
        found = [month for month, _ in await months.newest(db)]
    return page(request, "feeds/sitemap_index.xml", state=found, content_type="application/xml", months=found)


async def sitemap_month(request: web.Request) -> web.Response:
    """GET /sitemap/{month}.xml"""
    start, end = span(request.match_info["month"])
    async with reading.database(request).connection() as db:
        addresses = await posts.addresses(db, start, end, limit=_MOST_IN_A_SITEMAP)
    return page(request, "feeds/sitemap.xml", state=addresses, content_type="application/xml", posts=addresses)


async def robots(request: web.Request) -> web.Response:
    """GET /robots.txt"""
    return page(request, "feeds/robots.txt", content_type="text/plain")
