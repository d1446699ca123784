"""Posts in JSON."""

import re
from http import HTTPStatus

from aiohttp import web

from inkstone.domain.errors import Malformed, VersionRequired
from inkstone.domain.posts import Draft, Post, Teaser
from inkstone.domain.rendering import render
from inkstone.keys import DATABASE
from inkstone.storage import clock, posts
from inkstone.storage.database import Connection
from inkstone.storage.paging import Cursor, parse_id
from inkstone.web import access, body, reading
from inkstone.web.answers import Page, PostAnswer
from inkstone.web.api.answering import answer, nothing
from inkstone.web.api.queries import PostsQuery
from inkstone.web.idempotency import create_once
from inkstone.web.offload import offload
from inkstone.web.paging import cut, published_cursor

_ETAG = re.compile(r'"([1-9][0-9]{0,8})"', re.ASCII)


async def index(request: web.Request) -> web.Response:
    """List posts."""
    query = PostsQuery.parse(request.query)
    async with reading.database(request).connection() as db:
        if query.status is None:
            shown, cursor = cut(await _published(db, query), query.limit, published_cursor)
        else:
            shown, cursor = cut(await _own(request, db, query), query.limit, lambda post: post.id)
    now = clock.now()
    return answer(Page[PostAnswer](items=[PostAnswer.of(post, now) for post in shown], next=cursor))


async def _published(db: Connection, query: PostsQuery) -> list[Post]:
    before = Cursor.parse(query.before) if query.before else None
    if query.tag is None:
        return await posts.latest_whole(db, limit=query.limit + 1, before=before)
    return await posts.latest_whole_tagged(db, query.tag, limit=query.limit + 1, before=before)


async def _own(request: web.Request, db: Connection, query: PostsQuery) -> list[Post]:
    user = access.author(request)
    before = parse_id(query.before) if query.before else None
    author_id = None if user.is_administrator else user.id
    return await posts.newest(db, limit=query.limit + 1, before=before, status=query.status, author_id=author_id)


async def create(request: web.Request) -> web.Response:
    """Write a post."""
    user = access.author(request)
    draft = await body.json(request, Draft)
    rendered = await offload(request, render, draft)

    async def create(db: Connection) -> Post:
        return await posts.get(db, await posts.insert(db, user.id, draft, rendered))

    return _whole(await create_once(request, user, create, posts.get), HTTPStatus.CREATED)


async def show(request: web.Request) -> web.Response:
    """One post; one's own before it is published, too."""
    async with reading.database(request).connection() as db:
        return _whole(await access.visible_post(request, db))


async def update(request: web.Request) -> web.Response:
    """Change a post, all of it; If-Match says which version the change was based on."""
    access.author(request)
    async with request.app[DATABASE].connection() as db:
        post = await access.own_teaser(request, db)
    draft = await body.json(request, Draft)
    version = _based_on(request, post)
    rendered = await offload(request, render, draft)
    async with request.app[DATABASE].transaction() as db:
        updated = await posts.update(db, post, draft, rendered, version=version)
    return _whole(updated)


async def delete(request: web.Request) -> web.Response:
    """Delete a post with its comments; with If-Match only that version."""
    access.author(request)
    async with request.app[DATABASE].transaction() as db:
        post = await access.own_teaser(request, db)
        version = _based_on(request, post) if "If-Match" in request.headers else post.version
        await posts.delete(db, post, version=version)
    return nothing()


def _based_on(request: web.Request, post: Teaser) -> int:
    """The version that If-Match names; `*` is whatever is there."""
    given = request.headers.get("If-Match")
    if given is None:
        raise VersionRequired('Say which version the change was based on: If-Match: "<version>", as ETag gave it.')
    if given.strip() == "*":
        return post.version
    match = _ETAG.fullmatch(given.strip())
    if match is None:
        raise Malformed('If-Match has the form "<version>", as ETag gave it.')
    return int(match[1])


def _whole(post: Post, status: int = HTTPStatus.OK) -> web.Response:
    headers = {"ETag": f'"{post.version}"', "Location": f"/api/posts/{post.id}"}
    if status != HTTPStatus.CREATED:
        del headers["Location"]
    return answer(PostAnswer.of(post, clock.now()), status=status, headers=headers)
