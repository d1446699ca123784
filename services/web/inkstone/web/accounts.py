"""What happens to an account; the pages and the API do it the same way."""

import dataclasses

from aiohttp import web

from inkstone.domain import passwords
from inkstone.domain.errors import Forbidden, Invalid
from inkstone.domain.users import Credentials, PasswordChange, Registration, Role, User
from inkstone.keys import DATABASE, SETTINGS
from inkstone.storage import users
from inkstone.storage.database import Connection
from inkstone.web import access, sessions
from inkstone.web.idempotency import create_once
from inkstone.web.offload import offload


def registration_open(request: web.Request) -> None:
    """Raise Forbidden where the operator has closed registration."""
    if request.app[SETTINGS].registration != "open":
        raise Forbidden("Registration is closed on this blog.")


async def register(request: web.Request, wish: Registration) -> User:
    """Make a reader; raises Invalid where the e-mail or the name is taken."""
    registration_open(request)
    credential = await offload(request, passwords.record, wish.password)

    async def create(db: Connection) -> User:
        return await users.insert(db, email=wish.email, name=wish.name, role=Role.READER, credential=credential)

    return await create_once(request, None, create, users.get)


async def change_password(request: web.Request, change: PasswordChange) -> User:
    """Store a new password, which ends every session; answers the user whose cookie is to be set anew."""
    user = access.signed_in(request)
    try:
        await sessions.authenticate(request, Credentials(email=user.email or "", password=change.current))
    except Invalid:
        raise Invalid({"current": "This is not your password."}) from None
    credential = await offload(request, passwords.record, change.new)
    async with request.app[DATABASE].connection() as db:
        await users.update_credential(db, user.id, credential)
    return dataclasses.replace(user, credential=credential)
