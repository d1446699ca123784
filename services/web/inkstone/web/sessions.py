"""The session cookie: set at sign-in, checked at each request, forgotten by the browser at sign-out."""

import ipaddress
import time
from hashlib import sha256

from aiohttp import web

from inkstone.config import Network, Settings
from inkstone.domain import passwords
from inkstone.domain.errors import Invalid, TooManyAttempts
from inkstone.domain.session import Session, sign
from inkstone.domain.users import Credentials, User
from inkstone.keys import DATABASE, METRICS, SETTINGS
from inkstone.storage import attempts, users
from inkstone.web.offload import offload

_NAME = "inkstone_session"
_SECONDS_A_DAY = 86400

# Attempts in a row that cost nothing. Many people may share an address; nobody shares an account.
_FREE_FOR_ACCOUNT = 5
_FREE_FOR_ADDRESS = 50


def _secure(settings: Settings) -> bool:
    return settings.site_url.startswith("https:")


def cookie_name(settings: Settings) -> str:
    """Behind HTTPS the browser itself guards the cookie: __Host- (RFC 6265bis, section 4.1.3.2)."""
    return f"__Host-{_NAME}" if _secure(settings) else _NAME


def has_cookie(request: web.Request) -> bool:
    """Whether the answer may depend on who is asking, and so must be nobody else's."""
    return cookie_name(request.app[SETTINGS]) in request.cookies


async def user_of(request: web.Request) -> User | None:
    """Who is signed in, by a cookie that any replica can check against the user's stored record."""
    settings = request.app[SETTINGS]
    session = Session.parse(request.cookies.get(cookie_name(settings), ""), time.time())
    if session is None:
        return None
    async with request.app[DATABASE].connection() as db:
        user = await users.find(db, session.user_id)
    return user if user and user.credential and session.signed_for(user.credential, settings.secret_keys) else None


async def authenticate(request: web.Request, credentials: Credentials) -> User:
    """The user whose password this is; raises Invalid, the same for unknown and known e-mails, or TooManyAttempts."""
    counted = request.app[METRICS].sign_ins.by
    try:
        user = await _authenticate(request, credentials)
    except Invalid:
        counted["refused",] += 1
        raise
    except TooManyAttempts:
        counted["slowed",] += 1
        raise
    counted["accepted",] += 1
    return user


async def _authenticate(request: web.Request, credentials: Credentials) -> User:
    database = request.app[DATABASE]
    account, address = _subject("account", credentials.email), _subject("address", _network(client_address(request)))
    async with database.transaction() as db:
        await attempts.count(db, account, free=_FREE_FOR_ACCOUNT)
        await attempts.count(db, address, free=_FREE_FOR_ADDRESS)
    async with database.connection() as db:
        user = await users.find_by_email(db, credentials.email)
    record = user.credential if user else None
    if not await offload(request, passwords.matches, record, credentials.password) or user is None:
        raise Invalid({"": "E-mail or password is wrong."})
    async with database.transaction() as db:
        await attempts.forget(db, account)
        await attempts.take_back(db, address)
    return user


def remember(request: web.Request, response: web.Response, user: User) -> None:
    """Sign the user in by setting the cookie."""
    settings = request.app[SETTINGS]
    lifetime = settings.session_days * _SECONDS_A_DAY
    cookie = sign(user.id, user.credential, expires=int(time.time()) + lifetime, key=settings.secret_keys[0])
    response.set_cookie(
        cookie_name(settings), cookie, max_age=lifetime, httponly=True, samesite="Lax", secure=_secure(settings)
    )


def forget(request: web.Request, response: web.Response) -> None:
    """Sign out by taking the cookie away."""
    settings = request.app[SETTINGS]
    response.del_cookie(cookie_name(settings), httponly=True, samesite="Lax", secure=_secure(settings))


def client_address(request: web.Request) -> str:
    """Whose request this is, as far as we trust those who passed it on: the last untrusted X-Forwarded-For address."""
    trusted = request.app[SETTINGS].trusted_proxies
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    address = request.remote or ""
    while hops and (not address or within(address, trusted)):
        address = hops.pop()
    return address


def within(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address is one of those."""
    try:
        return any(ipaddress.ip_address(address) in network for network in networks)
    except ValueError:
        return False


def _network(address: str) -> str:
    """One subscriber has a whole IPv6 /64."""
    try:
        bits = 64 if ":" in address else 32
        return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
    except ValueError:
        return address


def _subject(kind: str, name: str) -> str:
    return sha256(f"{kind}:{name}".encode()).hexdigest()
