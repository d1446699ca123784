"""Comments in JSON."""

from http import HTTPStatus

from aiohttp import web

from inkstone.domain.comments import Comment, CommentDraft, Moderation
from inkstone.keys import DATABASE
from inkstone.storage import comments
from inkstone.storage.database import Connection
from inkstone.storage.paging import parse_id
from inkstone.web import access, body, reading
from inkstone.web.answers import CommentAnswer, Page
from inkstone.web.api.answering import answer, nothing
from inkstone.web.api.queries import CommentsQuery, ListQuery
from inkstone.web.idempotency import create_once
from inkstone.web.offload import rendered_comment
from inkstone.web.paging import cut


async def of_post(request: web.Request) -> web.Response:
    """List a post's approved comments, oldest first."""
    query = ListQuery.parse(request.query)
    async with reading.database(request).connection() as db:
        post = await access.visible_teaser(request, db)
        after = parse_id(query.before) if query.before else ""
        rows = await comments.oldest(db, post.id, limit=query.limit + 1, after=after)
    shown, cursor = cut(rows, query.limit, lambda comment: comment.id)
    return answer(Page[CommentAnswer](items=[CommentAnswer.of(comment) for comment in shown], next=cursor))


async def create(request: web.Request) -> web.Response:
    """Comment on a post; a new reader's comment is held until a moderator approves it."""
    user = access.signed_in(request)
    async with request.app[DATABASE].connection() as db:
        post = await access.visible_teaser(request, db)
    draft = await body.json(request, CommentDraft)
    html = await rendered_comment(request, draft)

    async def create(db: Connection) -> Comment:
        return await comments.insert(db, post, user, draft.content, html)

    comment = await create_once(request, user, create, comments.get)
    location = {"Location": f"/api/comments/{comment.id}"}
    return answer(CommentAnswer.of(comment), status=HTTPStatus.CREATED, headers=location)


async def index(request: web.Request) -> web.Response:
    """List comments to moderate, newest first: below one's own posts, or everybody's for administrators."""
    user = access.author(request)
    query = CommentsQuery.parse(request.query)
    before = parse_id(query.before) if query.before else None
    owner = None if user.is_administrator else user.id
    async with request.app[DATABASE].connection() as db:
        rows = await comments.newest(
            db, status=query.status, limit=query.limit + 1, before=before, post_author_id=owner
        )
    shown, cursor = cut(rows, query.limit, lambda comment: comment.id)
    return answer(Page[CommentAnswer](items=[CommentAnswer.of(comment) for comment in shown], next=cursor))


async def show(request: web.Request) -> web.Response:
    """One comment, for its moderators and its author."""
    access.signed_in(request)
    async with request.app[DATABASE].connection() as db:
        comment = await access.deletable_comment(request, db)
    return answer(CommentAnswer.of(comment))


async def update(request: web.Request) -> web.Response:
    """Moderate a comment: approve it, hold it, or call it spam."""
    access.signed_in(request)
    moderation = await body.json(request, Moderation)
    async with request.app[DATABASE].transaction() as db:
        comment = await access.moderated_comment(request, db)
        await comments.update_status(db, comment, moderation.status)
        return answer(CommentAnswer.of(await comments.get(db, comment.id)))


async def delete(request: web.Request) -> web.Response:
    """Delete a comment: one's own, or one that one moderates."""
    access.signed_in(request)
    async with request.app[DATABASE].transaction() as db:
        await comments.delete(db, await access.deletable_comment(request, db))
    return nothing()
