"""Every URL."""

from aiohttp import web

from inkstone.web import assets, description, development, health, measuring
from inkstone.web.endpoints import ENDPOINTS
from inkstone.web.pages import account, feeds, manage_comments, manage_posts, manage_users, media, posts, search

PAGES = [
    web.get("/", posts.index, name="home"),
    web.get("/post/{slug}", posts.show, name="post"),
    web.post("/post/{slug}", posts.comment),
    web.get("/tag/{tag}", posts.tag, name="tag"),
    web.get("/archive", posts.archive, name="archive"),
    web.get("/archive/{month}", posts.month, name="month"),
    web.get("/author/{name}", posts.author, name="author"),
    web.get("/search", search.index, name="search"),
    web.get("/feed.atom", feeds.atom, name="feed_atom"),
    web.get("/feed.rss", feeds.rss, name="feed_rss"),
    web.get("/feed.json", feeds.json_feed, name="feed_json"),
    web.get("/sitemap.xml", feeds.sitemap, name="sitemap"),
    web.get("/sitemap/{month}.xml", feeds.sitemap_month, name="sitemap_month"),
    web.get("/robots.txt", feeds.robots, name="robots"),
    web.get("/register", account.register_form, name="register"),
    web.post("/register", account.register),
    web.get("/signin", account.signin_form, name="signin"),
    web.post("/signin", account.signin),
    web.post("/signout", account.signout, name="signout"),
    web.get("/account", account.settings, name="account"),
    web.post("/account", account.change_password),
    web.get("/manage/posts", manage_posts.index, name="manage_posts"),
    web.get("/manage/posts/new", manage_posts.new, name="new_post"),
    web.post("/manage/posts/new", manage_posts.create),
    web.get("/manage/posts/{id}", manage_posts.edit, name="edit_post"),
    web.post("/manage/posts/{id}", manage_posts.update),
    web.post("/manage/posts/{id}/delete", manage_posts.delete, name="delete_post"),
    web.get("/manage/comments", manage_comments.index, name="manage_comments"),
    web.post("/manage/comments/{id}", manage_comments.moderate, name="moderate_comment"),
    web.get("/manage/users", manage_users.index, name="manage_users"),
    web.post("/manage/users/{id}", manage_users.change_role, name="change_role"),
    web.get("/media/{id}.{extension}", media.show, name="media"),
]

ROUTES = [
    *PAGES,
    web.get("/api/openapi.json", description.as_json, name="openapi"),
    web.get("/api/docs", description.as_page, name="api_docs"),
    *(endpoint.route for endpoint in ENDPOINTS),
    web.get("/static/{name}", assets.show, name="static"),
    web.get("/healthz", health.alive),
    web.get("/readyz", health.ready),
    web.get("/metrics", measuring.show),
    # Last, for it takes what nothing else took: perhaps an old address.
    web.get("/{path:(?!api/|static/|media/).*}", posts.moved),
]

DEVELOPMENT = [
    web.get("/development/page.js", development.script, name="development_script"),
    web.get("/development/changes", development.changes, name="development_changes"),
]
"""Absent from a blog that is not being worked on."""

URLS = {route.kwargs["name"]: route.path for route in [*ROUTES, *DEVELOPMENT] if route.kwargs.get("name")}
"""The named routes' patterns, for `url(…)` in templates."""
