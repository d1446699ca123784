"""Pages about oneself: register, sign in, sign out, change the password."""

from aiohttp import web

from inkstone.domain.errors import Invalid
from inkstone.domain.users import Credentials, PasswordChange, Registration
from inkstone.web import access, accounts, body, sessions
from inkstone.web.render import page, redirect, redirect_to


def _local(path: str) -> str:
    """A path of ours to go on to after signing in; never another site's address."""
    ours = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if ours else "/"


async def signin_form(request: web.Request) -> web.Response:
    """GET /signin"""
    return _signin_page(request, {"email": ""}, request.query.get("next", "/"))


async def signin(request: web.Request) -> web.Response:
    """POST /signin"""
    form = await body.form(request)
    goal = form.pop("next", "/")
    try:
        user = await sessions.authenticate(request, Credentials.parse(form))
    except Invalid as error:
        return _signin_page(request, form, goal, http_status=422, errors=error.errors)
    response = redirect_to(_local(goal))
    sessions.remember(request, response, user)
    return response


def _signin_page(
    request: web.Request, form: dict[str, str], goal: str, http_status: int = 200, errors: dict[str, str] | None = None
) -> web.Response:
    shown = {"email": form.get("email", "")}
    return page(
        request, "account/signin.html", http_status=http_status, form=shown, errors=errors or {}, next=_local(goal)
    )


async def signout(request: web.Request) -> web.Response:
    """POST /signout"""
    response = redirect(request, "home")
    sessions.forget(request, response)
    return response


async def register_form(request: web.Request) -> web.Response:
    """GET /register"""
    accounts.registration_open(request)
    return page(request, "account/register.html", form={"email": "", "name": ""}, errors={})


async def register(request: web.Request) -> web.Response:
    """POST /register"""
    form = await body.form(request)
    try:
        user = await accounts.register(request, Registration.parse(form))
    except Invalid as error:
        shown = {"email": form.get("email", ""), "name": form.get("name", "")}
        return page(request, "account/register.html", http_status=422, form=shown, errors=error.errors)
    response = redirect(request, "home")
    sessions.remember(request, response, user)
    return response


async def settings(request: web.Request) -> web.Response:
    """GET /account"""
    access.signed_in(request)
    return page(request, "account/settings.html", errors={}, saved="saved" in request.query)


async def change_password(request: web.Request) -> web.Response:
    """POST /account"""
    access.signed_in(request)
    try:
        user = await accounts.change_password(request, PasswordChange.parse(await body.form(request)))
    except Invalid as error:
        return page(request, "account/settings.html", http_status=422, errors=error.errors, saved=False)
    response = redirect(request, "account", {"saved": "1"})
    sessions.remember(request, response, user)
    return response
