"""Pages for those who write: the list of posts and the editor."""

from typing import Any, cast, get_args

from aiohttp import web

from inkstone.domain.errors import Invalid, NotFound, Stale
from inkstone.domain.posts import Draft, Post, Status, Teaser
from inkstone.domain.rendering import render
from inkstone.keys import DATABASE
from inkstone.storage import clock, posts
from inkstone.storage.database import Connection
from inkstone.storage.paging import parse_id
from inkstone.web import access, body
from inkstone.web.idempotency import create_once
from inkstone.web.offload import offload
from inkstone.web.paging import PER_MANAGE_PAGE, cut, next_url
from inkstone.web.render import page, redirect

_FIELDS = ("name", "summary", "content", "tags", "status", "published_at", "slug", "version")
_EMPTY = {**dict.fromkeys(_FIELDS, ""), "status": "draft"}


async def index(request: web.Request) -> web.Response:
    """GET /manage/posts"""
    user = access.author(request)
    status, before = request.query.get("status", ""), request.query.get("before")
    async with request.app[DATABASE].connection() as db:
        rows = await posts.newest(
            db,
            limit=PER_MANAGE_PAGE + 1,
            before=parse_id(before) if before else None,
            status=cast(Status, status) if status in get_args(Status) else None,
            author_id=None if user.is_administrator else user.id,
        )
    shown, cursor = cut(rows, PER_MANAGE_PAGE, lambda post: post.id)
    older = next_url(request, "manage_posts", cursor, {"status": status} if status else None)
    return page(request, "manage/posts.html", posts=shown, chosen=status, next_url=older)


async def new(request: web.Request) -> web.Response:
    """GET /manage/posts/new"""
    access.author(request)
    return _editor(request, None, _EMPTY)


async def create(request: web.Request) -> web.Response:
    """POST /manage/posts/new"""
    user = access.author(request)
    form = _EMPTY | await body.form(request)
    try:
        draft = _draft(form, None)
        rendered = await offload(request, render, draft)

        async def insert(db: Connection) -> Teaser:
            return await posts.get_teaser(db, await posts.insert(db, user.id, draft, rendered))

        post = await create_once(request, user, insert, posts.get_teaser)
    except Invalid as error:
        return _editor(request, None, form, http_status=422, errors=error.errors)
    return redirect(request, "edit_post", {"saved": "1"}, id=post.id)


async def edit(request: web.Request) -> web.Response:
    """GET /manage/posts/{id}"""
    access.signed_in(request)
    async with request.app[DATABASE].connection() as db:
        post = await access.own_post(request, db)
    return _editor(request, post, _form(post))


async def update(request: web.Request) -> web.Response:
    """POST /manage/posts/{id}"""
    access.author(request)
    async with request.app[DATABASE].connection() as db:
        post = await access.own_post(request, db)
    form = _EMPTY | await body.form(request)
    try:
        draft = _draft(form, post)
        rendered = await offload(request, render, draft)
        async with request.app[DATABASE].transaction() as db:
            await posts.update(db, post, draft, rendered, version=_version(form))
    except Invalid as error:
        return _editor(request, post, form, http_status=422, errors=error.errors)
    except Stale as error:
        # The form keeps what was typed and now stands on the version that is shown beside it.
        form["version"] = str(error.current.version)
        return _editor(request, post, form, http_status=412, conflict=error.current)
    return redirect(request, "edit_post", {"saved": "1"}, id=post.id)


async def delete(request: web.Request) -> web.Response:
    """POST /manage/posts/{id}/delete"""
    access.author(request)
    async with request.app[DATABASE].transaction() as db:
        await posts.delete(db, await access.own_teaser(request, db))
    return redirect(request, "manage_posts")


def _editor(
    request: web.Request,
    post: Post | None,
    form: dict[str, str],
    *,
    http_status: int = 200,
    errors: dict[str, str] | None = None,
    conflict: Post | None = None,
) -> web.Response:
    context: dict[str, Any] = {"post": post, "form": form, "errors": errors or {}, "conflict": conflict}
    return page(request, "manage_blog_edit.html", http_status=http_status, saved="saved" in request.query, **context)


def _form(post: Post) -> dict[str, str]:
    return {
        "name": post.name,
        "summary": post.summary,
        "content": post.content,
        "tags": ", ".join(post.tags),
        "status": post.status(clock.now()),
        "published_at": _minute(post),
        "slug": post.slug,
        "version": str(post.version),
    }


def _minute(post: Post | None) -> str:
    """When the post appears, as <input type="datetime-local"> takes it: in UTC, without the seconds."""
    return f"{post.published_at:%Y-%m-%dT%H:%M}" if post and post.published_at else ""


def _draft(form: dict[str, str], post: Post | None) -> Draft:
    """What was typed, as the API would get it: the form's times are in UTC, its tags stand between commas."""
    # "\r\n" is what browsers make of every line end in a form.
    names = ("name", "summary", "content", "status")
    fields: dict[str, Any] = {name: form[name].replace("\r\n", "\n") for name in names}
    fields["tags"] = [tag for tag in form["tags"].replace("，", ",").split(",") if tag.strip()]
    if form["published_at"] and post and form["published_at"] == _minute(post):
        fields["published_at"] = post.published_at  # untouched, so the seconds stay
    elif form["published_at"]:
        fields["published_at"] = form["published_at"] + "Z" * (not form["published_at"].endswith("Z"))
    if form["slug"]:
        fields["slug"] = form["slug"]
    return Draft.parse(fields)


def _version(form: dict[str, str]) -> int:
    if not form["version"].isdecimal() or len(form["version"]) > 9:
        raise NotFound("The form doesn't say which version it was made from: open the post again.")
    return int(form["version"])
