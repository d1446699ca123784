"""The page on which administrators give roles."""

from aiohttp import web

from inkstone.domain.users import RoleChange
from inkstone.keys import DATABASE
from inkstone.storage import users
from inkstone.storage.paging import parse_id
from inkstone.web import access, body
from inkstone.web.paging import PER_MANAGE_PAGE, cut, next_url
from inkstone.web.render import page, redirect


async def index(request: web.Request) -> web.Response:
    """GET /manage/users"""
    access.administrator(request)
    before = request.query.get("before")
    async with request.app[DATABASE].connection() as db:
        rows = await users.newest(db, limit=PER_MANAGE_PAGE + 1, before=parse_id(before) if before else None)
    shown, cursor = cut(rows, PER_MANAGE_PAGE, lambda user: user.id)
    return page(request, "manage/users.html", users=shown, next_url=next_url(request, "manage_users", cursor))


async def change_role(request: web.Request) -> web.Response:
    """POST /manage/users/{id}"""
    access.administrator(request)
    change = RoleChange.parse(await body.form(request))
    async with request.app[DATABASE].transaction() as db:
        await users.update_role(db, request.match_info["id"], change.role)
    return redirect(request, "manage_users")
