"""Signing in and out, and oneself."""

from aiohttp import web

from inkstone.domain.users import Credentials, PasswordChange
from inkstone.web import access, accounts, body, sessions
from inkstone.web.answers import UserAnswer
from inkstone.web.api.answering import answer, nothing


async def authenticate(request: web.Request) -> web.Response:
    """Sign in: the answer sets the session cookie."""
    user = await sessions.authenticate(request, await body.json(request, Credentials))
    response = answer(UserAnswer.of(user))
    sessions.remember(request, response, user)
    return response


async def signout(request: web.Request) -> web.Response:
    """Sign out: the answer takes the session cookie away."""
    response = nothing()
    sessions.forget(request, response)
    return response


async def me(request: web.Request) -> web.Response:
    """Who is signed in."""
    return answer(UserAnswer.of(access.signed_in(request)))


async def change_password(request: web.Request) -> web.Response:
    """Change one's password: every session ends, and the answer sets a new cookie."""
    access.signed_in(request)
    user = await accounts.change_password(request, await body.json(request, PasswordChange))
    response = nothing()
    sessions.remember(request, response, user)
    return response
