"""Pages for those who moderate comments."""

from aiohttp import web

from inkstone.domain.comments import CommentStatus, Moderation
from inkstone.keys import DATABASE
from inkstone.storage import comments
from inkstone.storage.paging import parse_id
from inkstone.web import access, body
from inkstone.web.paging import PER_MANAGE_PAGE, cut, next_url
from inkstone.web.render import page, redirect


async def index(request: web.Request) -> web.Response:
    """GET /manage/comments"""
    user = access.author(request)
    status = Moderation.parse({"status": request.query.get("status", CommentStatus.HELD)}).status
    before = request.query.get("before")
    async with request.app[DATABASE].connection() as db:
        rows = await comments.newest(
            db,
            status=status,
            limit=PER_MANAGE_PAGE + 1,
            before=parse_id(before) if before else None,
            post_author_id=None if user.is_administrator else user.id,
        )
    shown, cursor = cut(rows, PER_MANAGE_PAGE, lambda comment: comment.id)
    older = next_url(request, "manage_comments", cursor, {"status": status})
    return page(request, "manage/comments.html", comments=shown, chosen=status, next_url=older)


async def moderate(request: web.Request) -> web.Response:
    """POST /manage/comments/{id}: `action` is a status, or delete"""
    user = access.signed_in(request)
    action = (await body.form(request)).get("action", "")
    async with request.app[DATABASE].transaction() as db:
        if action == "delete":
            comment = await access.deletable_comment(request, db)
            await comments.delete(db, comment)
        else:
            comment = await access.moderated_comment(request, db)
            await comments.update_status(db, comment, Moderation.parse({"status": action}).status)
    if comment.moderated_by(user):
        return redirect(request, "manage_comments", {"status": comment.status})
    return redirect(request, "post", slug=comment.post_slug)
