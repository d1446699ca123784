"""Users: registering, and what administrators do."""

from http import HTTPStatus

from aiohttp import web

from inkstone.domain.users import Registration, RoleChange
from inkstone.keys import DATABASE
from inkstone.storage import users
from inkstone.storage.paging import parse_id
from inkstone.web import access, accounts, body
from inkstone.web.answers import Page, UserAnswer
from inkstone.web.api.answering import answer, nothing
from inkstone.web.api.queries import ListQuery
from inkstone.web.paging import cut


async def create(request: web.Request) -> web.Response:
    """Register as a reader."""
    user = await accounts.register(request, await body.json(request, Registration))
    return answer(UserAnswer.of(user), status=HTTPStatus.CREATED, headers={"Location": f"/api/users/{user.id}"})


async def index(request: web.Request) -> web.Response:
    """List users, newest first (administrators)."""
    access.administrator(request)
    query = ListQuery.parse(request.query)
    async with request.app[DATABASE].connection() as db:
        before = parse_id(query.before) if query.before else None
        rows = await users.newest(db, limit=query.limit + 1, before=before)
    shown, cursor = cut(rows, query.limit, lambda user: user.id)
    return answer(Page[UserAnswer](items=[UserAnswer.of(user) for user in shown], next=cursor))


async def show(request: web.Request) -> web.Response:
    """One user (administrators)."""
    access.administrator(request)
    async with request.app[DATABASE].connection() as db:
        return answer(UserAnswer.of(await users.get(db, request.match_info["id"])))


async def update(request: web.Request) -> web.Response:
    """Change somebody's role (administrators)."""
    access.administrator(request)
    change = await body.json(request, RoleChange)
    async with request.app[DATABASE].transaction() as db:
        await users.update_role(db, request.match_info["id"], change.role)
        user = await users.get(db, request.match_info["id"])
    return answer(UserAnswer.of(user))


async def delete(request: web.Request) -> web.Response:
    """Delete a user who has written no post (administrators)."""
    access.administrator(request)
    async with request.app[DATABASE].transaction() as db:
        await users.delete(db, request.match_info["id"])
    return nothing()
