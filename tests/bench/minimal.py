"""What to compare writes with: the transactions that the blog makes, by the least that aiomysql needs for them.

`python -m tests.bench.minimal comments FILE SECONDS`: the file has one transaction's values a line, as JSON.
`application` makes the same transactions of what it is sent: what aiohttp costs.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiomysql
import uuid_utils
import uvloop
from aiohttp import web

CLIENTS = 32

Statement = tuple[str, tuple[Any, ...]]


def comment(post: str, author: str, text: str) -> list[Statement]:
    """As in storage/comments.py."""
    return [
        ("SELECT 1 FROM comments WHERE author_id = %s AND status = %s LIMIT 1", (author, "approved")),
        ("UPDATE posts SET comment_count = comment_count + %s WHERE id = %s", (1, post)),
        (
            "INSERT INTO comments (id, post_id, post_author_id, author_id, content, html, status, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (uuid_utils.uuid7().hex, post, author, author, text, f"<p>{text}</p>\n", "approved", datetime.now(UTC)),
        ),
    ]


def draft(post: str, name: str, content: str, html: str, excerpt: str) -> list[Statement]:
    """As in storage/posts.py."""
    return [
        (
            "UPDATE posts SET slug = %s, name = %s, summary = %s, excerpt = %s, content = %s, html = %s, tags = %s,"
            " published_at = %s, updated_at = %s, version = version + 1 WHERE id = %s",
            (f"slug-{post}", name, "", excerpt, content, html, "[]", None, datetime.now(UTC), post),
        ),
    ]


KINDS: dict[str, Callable[..., list[Statement]]] = {"comments": comment, "hot": comment, "drafts": draft}


async def main(kind: str, values: list[list[str]], seconds: str) -> None:
    """Write as fast as the server takes it, and print how many transactions that were and how long it took."""
    lines = cycle(values)
    connections = [await _connect() for _ in range(CLIENTS)]
    began = time.monotonic()
    clients = [_write(connection, KINDS[kind], lines, began + float(seconds)) for connection in connections]
    written = sum(await asyncio.gather(*clients))
    print(json.dumps({"written": written, "seconds": time.monotonic() - began, "cpu": time.process_time()}))
    for connection in connections:
        connection.close()


async def _write(
    connection: aiomysql.Connection, make: Callable[..., list[Statement]], lines: Iterator[list[str]], until: float
) -> int:
    written = 0
    async with connection.cursor() as cursor:
        while time.monotonic() < until:
            await _run(cursor, make(*next(lines)))
            written += 1
    return written


async def _run(cursor: aiomysql.Cursor, statements: list[Statement]) -> None:
    await cursor.connection.begin()
    for sql, values in statements:
        await cursor.execute(sql, values)
    await cursor.connection.commit()


async def _connect() -> aiomysql.Connection:
    parts = urlsplit(os.environ["INKSTONE_DATABASE_URL"])
    return await aiomysql.connect(
        unix_socket=parse_qs(parts.query)["unix_socket"][0],
        user=parts.username,
        password=unquote(parts.password or ""),
        db=parts.path[1:],
        charset="utf8mb4",
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    )


IDLE = web.AppKey("idle", asyncio.Queue[aiomysql.Connection])


async def application() -> web.Application:
    """What gunicorn runs."""
    app = web.Application()
    app.router.add_post("/api/posts/{id}/comments", _comment)
    app.router.add_put("/api/posts/{id}", _draft)
    app.cleanup_ctx.append(_connections)
    return app


async def _connections(app: web.Application) -> AsyncIterator[None]:
    app[IDLE] = asyncio.Queue()
    for _ in range(CLIENTS):
        app[IDLE].put_nowait(await _connect())
    yield


async def _comment(request: web.Request) -> web.Response:
    sent = await request.json()
    author = request.cookies["inkstone_session"].partition("-")[0]
    return await _stored(request, comment(request.match_info["id"], author, sent["content"]))


async def _draft(request: web.Request) -> web.Response:
    sent = await request.json()
    return await _stored(request, draft(request.match_info["id"], sent["name"], sent["content"], sent["content"], ""))


async def _stored(request: web.Request, statements: list[Statement]) -> web.Response:
    connection = await request.app[IDLE].get()
    async with connection.cursor() as cursor:
        await _run(cursor, statements)
    request.app[IDLE].put_nowait(connection)
    return web.json_response({"id": request.match_info["id"]})


if __name__ == "__main__":
    kind, file, seconds = sys.argv[1:]
    uvloop.run(main(kind, [json.loads(line) for line in Path(file).read_text().splitlines()], seconds))
