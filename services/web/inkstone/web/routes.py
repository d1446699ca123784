"""Every URL."""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from inkstone.web import assets, description, health
from inkstone.web.endpoints import ENDPOINTS
from inkstone.web.pages import account, feeds, manage_comments, manage_posts, manage_users, media, posts, search

_get: Callable[..., web.RouteDef] = partial(web.get, allow_head=True)

PAGES = [
    _get("/", posts.index, name="home"),
    _get("/post/{slug}", posts.show, name="post"),
    web.post("/post/{slug}", posts.comment),
    _get("/tag/{tag}", posts.tag, name="tag"),
    _get("/archive", posts.archive, name="archive"),
    _get("/archive/{month}", posts.month, name="month"),
    _get("/author/{name}", posts.author, name="author"),
    _get("/search", search.index, name="search"),
    _get("/feed.atom", feeds.atom, name="feed_atom"),
    _get("/feed.rss", feeds.rss, name="feed_rss"),
    _get("/feed.json", feeds.json_feed, name="feed_json"),
    _get("/sitemap.xml", feeds.sitemap, name="sitemap"),
    _get("/sitemap/{month}.xml", feeds.sitemap_month, name="sitemap_month"),
    _get("/robots.txt", feeds.robots, name="robots"),
    _get("/register", account.register_form, name="register"),
    web.post("/register", account.register),
    _get("/signin", account.signin_form, name="signin"),
    web.post("/signin", account.signin),
    web.post("/signout", account.signout, name="signout"),
    _get("/account", account.settings, name="account"),
    web.post("/account", account.change_password),
    _get("/manage/posts", manage_posts.index, name="manage_posts"),
    _get("/manage/posts/new", manage_posts.new, name="new_post"),
    web.post("/manage/posts/new", manage_posts.create),
    _get("/manage/posts/{id}", manage_posts.edit, name="edit_post"),
    web.post("/manage/posts/{id}", manage_posts.update),
    web.post("/manage/posts/{id}/delete", manage_posts.delete, name="delete_post"),
    _get("/manage/comments", manage_comments.index, name="manage_comments"),
    web.post("/manage/comments/{id}", manage_comments.moderate, name="moderate_comment"),
    _get("/manage/users", manage_users.index, name="manage_users"),
    web.post("/manage/users/{id}", manage_users.change_role, name="change_role"),
    _get("/media/{id}.{extension}", media.show, name="media"),
]

ROUTES = [
    *PAGES,
    _get("/api/openapi.json", description.as_json, name="openapi"),
    _get("/api/docs", description.as_page, name="api_docs"),
    *(endpoint.route for endpoint in ENDPOINTS),
    _get("/static/{name}", assets.show, name="static"),
    web.get("/healthz", health.alive),
    web.get("/readyz", health.ready),
    # Last, for it takes what nothing else took: perhaps an old address.
    _get("/{path:(?!api/|static/|media/).*}", posts.moved),
]

URLS = {route.kwargs["name"]: route.path for route in ROUTES if "name" in route.kwargs}
"""The named routes' patterns, for `url(…)` in templates."""
