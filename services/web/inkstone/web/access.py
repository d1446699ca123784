"""Who may do what: each function answers what the handler needs, or raises."""

from aiohttp import web

from inkstone.domain.comments import Comment
from inkstone.domain.errors import Forbidden, NotFound, SignInRequired
from inkstone.domain.posts import Post, Teaser
from inkstone.domain.users import User
from inkstone.keys import USER
from inkstone.storage import clock, comments, posts
from inkstone.storage.database import Connection


def visitor(request: web.Request) -> User | None:
    """Who is signed in, if anybody."""
    return request[USER] if USER in request else None  # noqa: SIM401 - `get` would be Any to mypy


def signed_in(request: web.Request) -> User:
    if USER not in request:
        raise SignInRequired("Sign in first.")
    return request[USER]


def author(request: web.Request) -> User:
    """Somebody who may write posts."""
    user = signed_in(request)
    if not user.may_write:
        raise Forbidden("Only authors may do this. Ask an administrator to make you one.")
    return user


def administrator(request: web.Request) -> User:
    user = signed_in(request)
    if not user.is_administrator:
        raise Forbidden("Only administrators may do this.")
    return user


async def visible_post(request: web.Request, db: Connection) -> Post:
    """The post that the URL's id names; who may not see it learns nothing of it."""
    post = await posts.get(db, request.match_info["id"])
    _check_visible(request, post)
    return post


async def visible_teaser(request: web.Request, db: Connection) -> Teaser:
    """The same without the post's text."""
    post = await posts.get_teaser(db, request.match_info["id"])
    _check_visible(request, post)
    return post


async def own_post(request: web.Request, db: Connection) -> Post:
    """The post that the URL's id names, provided that the visitor may change it."""
    user = signed_in(request)
    post = await visible_post(request, db)
    _check_editable(user, post)
    return post


async def own_teaser(request: web.Request, db: Connection) -> Teaser:
    """The same without the post's text."""
    user = signed_in(request)
    post = await visible_teaser(request, db)
    _check_editable(user, post)
    return post


def _check_visible(request: web.Request, post: Teaser) -> None:
    if not post.visible_to(visitor(request), clock.now()):
        raise NotFound("There is no such post.")


def _check_editable(user: User, post: Teaser) -> None:
    if not post.editable_by(user):
        raise Forbidden("This post is somebody else's.")


async def moderated_comment(request: web.Request, db: Connection) -> Comment:
    """The comment that the URL's id names, provided that the visitor moderates it."""
    user = signed_in(request)
    comment = await comments.get(db, request.match_info["id"])
    if not comment.moderated_by(user):
        raise Forbidden("This comment stands below somebody else's post.")
    return comment


async def deletable_comment(request: web.Request, db: Connection) -> Comment:
    """The comment that the URL's id names, provided that the visitor wrote or moderates it."""
    user = signed_in(request)
    comment = await comments.get(db, request.match_info["id"])
    if not comment.deletable_by(user):
        raise Forbidden("This comment is somebody else's.")
    return comment
