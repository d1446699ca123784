"""Idempotency-Key: a creating call that is sent again answers what it created the first time."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from aiohttp import web

from inkstone.domain.errors import Malformed
from inkstone.domain.users import User
from inkstone.keys import DATABASE, SETTINGS
from inkstone.storage import idempotency
from inkstone.storage.database import Connection

HEADER = "Idempotency-Key"
_MAX_LENGTH = 255


class _Creature(Protocol):
    @property
    def id(self) -> str: ...


Created = TypeVar("Created", bound=_Creature)


async def create_once(
    request: web.Request,
    user: User | None,
    create: Callable[[Connection], Awaitable[Created]],
    get: Callable[[Connection, str], Awaitable[Created]],
) -> Created:
    """Run `create` in a transaction and answer what it made; with a key that was used before, `get` what was made then.

    The key belongs to the user and the address. Raises Conflict where it came with another body.
    """
    key = request.headers.get(HEADER)
    async with request.app[DATABASE].transaction() as db:
        if key is None:
            return await create(db)
        key_hash, request_hash = await _hashes(request, user, key)
        earlier = await idempotency.claim(db, key_hash, request_hash)
        if earlier is not None:
            return await get(db, earlier)
        created = await create(db)
        await idempotency.record(db, key_hash, created.id)
        return created


async def _hashes(request: web.Request, user: User | None, key: str) -> tuple[str, str]:
    if not 0 < len(key) <= _MAX_LENGTH or not key.isascii() or not key.isprintable():
        raise Malformed(f"{HEADER} is 1 to {_MAX_LENGTH} printable ASCII characters.")
    # Keyed, for the body of a registration holds a password.
    secret = request.app[SETTINGS].secret_keys[0]
    scope = "\n".join([user.id if user else "", request.path, key])
    return _hash(secret, scope.encode()), _hash(secret, await request.read())


def _hash(secret: str, data: bytes) -> str:
    return hmac.new(secret.encode(), data, "sha256").hexdigest()
