"""The page to compare with: the least that aiohttp, aiomysql and Jinja2 need for the same queries and as many bytes."""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiomysql
import jinja2
from aiohttp import web

POST = """
    SELECT p.id, p.slug, p.name, p.summary, p.excerpt, p.tags, p.author_id, u.name,
           p.published_at, p.created_at, p.updated_at, p.version, p.comment_count, p.content, p.html
    FROM posts p LEFT JOIN users u ON u.id = p.author_id WHERE p.slug = %s
"""
COMMENTS = """
    SELECT c.id, c.post_id, p.slug, p.name, c.post_author_id, c.author_id, COALESCE(u.name, ''),
           c.content, c.html, c.status, c.created_at
    FROM comments c
    JOIN posts p ON p.id = c.post_id
    LEFT JOIN users u ON u.id = c.author_id
    WHERE c.post_id = %s AND c.status = %s AND c.id > %s ORDER BY c.id LIMIT %s
"""
PAGE = jinja2.Environment(autoescape=True).from_string("""<!doctype html>
<title>{{ post[2] }}</title>
<h1>{{ post[2] }}</h1>
<p>{{ post[7] }} {{ post[8] }}</p>
<p>{{ post[3] or post[4] }}</p>
<ul>{% for tag in tags %}<li>{{ tag }}</li>{% endfor %}</ul>
{{ post[14]|safe }}
{% for comment in comments %}
<h2 id="{{ comment[0] }}">{{ comment[6] }} {{ comment[10] }}</h2>{{ comment[8]|safe }}
{% endfor %}
<!--{{ padding }}-->
""")
POOL = web.AppKey("pool", aiomysql.Pool)
PADDING = web.AppKey("padding", str)


async def application() -> web.Application:
    """What gunicorn runs."""
    app = web.Application()
    app[PADDING] = "." * int(os.environ.get("BENCH_PADDING", "0"))
    app.router.add_get("/post/{slug}", show)
    app.cleanup_ctx.append(_pool)
    return app


async def _pool(app: web.Application) -> AsyncIterator[None]:
    parts = urlsplit(os.environ["INKSTONE_DATABASE_URL"])
    size = int(os.environ["INKSTONE_DATABASE_POOL_SIZE"])
    app[POOL] = await aiomysql.create_pool(
        minsize=size,
        maxsize=size,
        unix_socket=parse_qs(parts.query)["unix_socket"][0],
        user=parts.username,
        password=unquote(parts.password or ""),
        db=parts.path[1:],
        charset="utf8mb4",
        autocommit=True,
    )
    yield
    app[POOL].close()
    await app[POOL].wait_closed()


async def _rows(connection: aiomysql.Connection, sql: str, *args: object) -> Sequence[tuple[Any, ...]]:
    async with connection.cursor() as cursor:
        await cursor.execute(sql, args)
        rows: Sequence[tuple[Any, ...]] = await cursor.fetchall()
        return rows


async def show(request: web.Request) -> web.Response:
    """GET /post/{slug}"""
    async with request.app[POOL].acquire() as connection:
        rows = await _rows(connection, POST, request.match_info["slug"])
        if not rows or rows[0][8].replace(tzinfo=UTC) > datetime.now(UTC):
            raise web.HTTPNotFound
        comments = await _rows(connection, COMMENTS, rows[0][0], "approved", "", 101)
    tags = rows[0][5].strip("[]").split(", ")
    text = PAGE.render(post=rows[0], tags=tags, comments=comments, padding=request.app[PADDING])
    return web.Response(text=text, content_type="text/html")
