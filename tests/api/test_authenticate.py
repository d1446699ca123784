"""POST /api/authenticate, POST /api/signout, GET /api/me, PUT /api/me/password"""

import asyncio
import time
from http.cookies import SimpleCookie

import pytest

from inkstone.domain.session import sign
from tests import servers
from tests.conftest import PASSWORD, Browser, Reply, session_cookie, visit
from tests.servers import Blog

NEW_PASSWORD = "a new password, much better"
WRONG = "E-mail or password is wrong."

pytestmark = pytest.mark.xdist_group("accounts")  # so that the other servers are started once


@pytest.fixture(scope="module")
def other_blog(database_url: str):
    """A second process on the same database, started later with the same keys."""
    with servers.gunicorn(database_url) as blog:
        yield blog.wait()


@pytest.fixture
async def elsewhere(other_blog: Blog):
    """Browsers that the second process serves."""
    async with visit(other_blog) as make:
        yield make


def sign_in(browser: Browser, email: str, password: str = PASSWORD, forwarded_for: str | None = None):
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    return browser.post("/api/authenticate", json={"email": email, "password": password}, headers=headers)


def cookie_of(reply: Reply) -> SimpleCookie:
    return SimpleCookie(reply.headers["Set-Cookie"])


async def test_signing_in_sets_a_cookie_that_says_who_one_is(client: Browser, cast):
    reply = await sign_in(client, "alice@blog.test")

    assert reply.status == 200
    assert reply.json["id"] == cast.alice.id
    assert reply.json["email"] == "alice@blog.test"
    assert reply.json["role"] == "author"
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert (await client.get("/api/me")).json == reply.json


async def test_nothing_tells_the_password_record(client: Browser, cast):
    reply = await sign_in(client, "alice@blog.test")

    assert b"argon2" not in reply.body + (await client.get("/api/me")).body


async def test_the_cookie_is_for_the_browser_alone(client: Browser, cast):
    cookie = cookie_of(await sign_in(client, "alice@blog.test"))["inkstone_session"]

    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["max-age"] == str(30 * 86400)
    assert not cookie["domain"]
    assert not cookie["secure"]


@pytest.mark.parametrize("email", ["ALICE@Blog.Test", "  alice@blog.test "])
async def test_case_and_spaces_of_the_email_do_not_matter(client: Browser, cast, email):
    assert (await sign_in(client, email)).status == 200


async def test_a_wrong_password_and_an_unknown_email_look_the_same(client: Browser, cast):
    wrong = await sign_in(client, "alice@blog.test", "not the password")
    unknown = await sign_in(client, "nobody@blog.test", "not the password")

    assert wrong.status == unknown.status == 422
    assert wrong.json | {"request_id": ""} == unknown.json | {"request_id": ""}
    assert wrong.problem == {"": WRONG}
    assert wrong.headers.keys() == unknown.headers.keys()
    assert "Set-Cookie" not in wrong.headers


@pytest.mark.parametrize("password", ["", PASSWORD + " ", PASSWORD.upper(), "ä 密码 🔑", "x" * 1000])
async def test_only_the_password_fits(client: Browser, cast, password):
    assert (await sign_in(client, "alice@blog.test", password)).status == 422


@pytest.mark.parametrize("email", ["", "älice@blog.test", "爱丽丝@blog.test", "🍵", "%", "' OR 1=1 -- "])
async def test_an_email_of_any_characters_is_only_wrong(client: Browser, cast, email):
    reply = await sign_in(client, email)

    assert reply.status == 422
    assert reply.problem == {"": WRONG}


async def test_signing_out_takes_the_cookie_away(client: Browser, cast):
    await sign_in(client, "alice@blog.test")

    reply = await client.post("/api/signout")

    assert reply.status == 204
    assert cookie_of(reply)["inkstone_session"]["max-age"] == "0"
    assert (await client.get("/api/me")).status == 401


async def test_a_visitor_is_nobody(client: Browser):
    reply = await client.get("/api/me")

    assert reply.status == 401
    assert reply.json["detail"] == "Sign in first."


async def test_a_cookie_is_good_at_a_process_that_was_started_later(client: Browser, elsewhere, cast):
    cookie = cookie_of(await sign_in(client, "alice@blog.test"))["inkstone_session"].value

    assert (await elsewhere().bring(cookie).get("/api/me")).json["id"] == cast.alice.id


async def test_a_cookie_under_the_retired_key_is_still_good(client: Browser, cast):
    assert (await client.bring(session_cookie(cast.alice, servers.KEYS[1])).get("/api/me")).status == 200


async def test_cookies_that_are_not_ours_are_nobody(client: Browser, cast):
    good = session_cookie(cast.alice)
    user_id, expires, signature = good.split("-")
    cookies = {
        "expired": session_cookie(cast.alice, lifetime=-1),
        "unknown key": session_cookie(cast.alice, "a key that this blog has never seen at all"),
        "somebody else's": f"{cast.ada.id}-{expires}-{signature}",
        "longer": f"{user_id}-{int(expires) + 1}-{signature}",
        "unknown user": sign("0" * 32, cast.alice.credential, expires=int(time.time()) + 600, key=servers.KEYS[0]),
        "an import's author": sign(cast.alice.id, "", expires=int(time.time()) + 600, key=servers.KEYS[0]),
        "upper case": f"{user_id}-{expires}-{signature.upper()}",
        "leading zero": f"{user_id}-0{expires}-{signature}",
        "empty": "",
    }

    answers = {name: (await client.bring(cookie).get("/api/me")).status for name, cookie in cookies.items()}

    assert answers == dict.fromkeys(cookies, 401)
    assert (await client.bring(good).get("/api/me")).status == 200


async def test_a_new_password_ends_the_other_sessions(browsers, elsewhere, cast, database):
    here, there = browsers().sign_in(cast.alice), elsewhere().sign_in(cast.alice)

    reply = await here.put("/api/me/password", json={"current": PASSWORD, "new": NEW_PASSWORD})

    assert reply.status == 204
    assert (await here.get("/api/me")).status == 200
    assert (await there.get("/api/me")).status == 401
    assert (await sign_in(there, "alice@blog.test")).status == 422
    assert (await sign_in(there, "alice@blog.test", NEW_PASSWORD)).status == 200


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"current": "not it at all", "new": NEW_PASSWORD}, "current"),
        ({"current": PASSWORD, "new": "too short"}, "new"),
        ({"current": PASSWORD, "new": "x" * 201}, "new"),
        ({"current": PASSWORD}, "new"),
        ({"new": NEW_PASSWORD}, "current"),
    ],
)
async def test_a_password_is_changed_by_who_knows_it(client: Browser, cast, fields, refused):
    client.sign_in(cast.alice)

    reply = await client.put("/api/me/password", json=fields)

    assert reply.status == 422
    assert list(reply.problem) == [refused]
    assert (await client.get("/api/me")).status == 200


async def test_a_visitor_has_no_password_to_change(client: Browser, cast):
    assert (await client.put("/api/me/password", json={"current": PASSWORD, "new": NEW_PASSWORD})).status == 401


async def _as_after_many(database, attempts: int = 15, seconds_ago: int = 0) -> None:
    """Pretend that each of those who tried has tried this often, lately."""
    async with database.connection() as db:
        await db.run(
            "UPDATE sign_in_attempts SET attempts = %s, last_at = UTC_TIMESTAMP(6) - INTERVAL %s SECOND",
            attempts,
            seconds_ago,
        )


async def test_many_at_once_over_two_processes_are_many(browsers, elsewhere, cast, database):
    doors = [browsers(), elsewhere()]

    replies = await asyncio.gather(*[sign_in(doors[n % 2], "alice@blog.test", f"guess {n:05}") for n in range(20)])

    tried = [reply for reply in replies if reply.status == 422]
    refused = [reply for reply in replies if reply.status == 429]
    assert len(tried) + len(refused) == 20
    assert 5 <= len(tried) < 10  # five are free, and after them the wait doubles
    assert all(int(reply.headers["Retry-After"]) > 0 for reply in refused)


async def test_an_account_is_slowed_down_wherever_one_tries(browsers, elsewhere, cast, database):
    await sign_in(browsers(), "alice@blog.test", "a guess", "203.0.113.1")
    await _as_after_many(database)

    alice = await sign_in(elsewhere(), "alice@blog.test", PASSWORD, "203.0.113.2")
    bob = await sign_in(elsewhere(), "bob@blog.test", PASSWORD, "203.0.113.2")

    assert alice.status == 429
    assert 60 < int(alice.headers["Retry-After"]) <= 900
    assert alice.headers["Retry-After"] in alice.json["detail"]
    assert bob.status == 200


async def test_an_unknown_account_is_slowed_down_too(client: Browser, cast, database):
    await sign_in(client, "nobody@blog.test")
    await _as_after_many(database)

    assert (await sign_in(client, "nobody@blog.test")).status == 429


@pytest.mark.parametrize(
    ("forwarded_for", "status"),
    [
        ("203.0.113.1", 429),
        ("203.0.113.2", 200),
        ("198.51.100.9, 203.0.113.1", 429),  # what stands in front of the last address is the client's own claim
        ("203.0.113.1, 198.51.100.9", 200),
        ("203.0.113.1, 127.0.0.1", 429),  # a proxy that we trust
    ],
)
async def test_an_address_is_slowed_down_whichever_account(browsers, elsewhere, cast, database, forwarded_for, status):
    await sign_in(browsers(), "nobody@blog.test", "a guess", "203.0.113.1")
    await _as_after_many(database, attempts=60)

    reply = await sign_in(elsewhere(), "bob@blog.test", PASSWORD, forwarded_for)

    assert reply.status == status


@pytest.mark.parametrize(("address", "status"), [("2001:db8:1:2::9", 429), ("2001:db8:1:3::1", 200)])
async def test_a_subscribers_ipv6_network_is_one_address(client: Browser, cast, database, address, status):
    await sign_in(client, "nobody@blog.test", "a guess", "2001:db8:1:2::1")
    await _as_after_many(database, attempts=60)

    assert (await sign_in(client, "bob@blog.test", PASSWORD, address)).status == status


@pytest.mark.parametrize("forwarded_for", ["", ",", "unknown", "203.0.113.1:4711", "1" * 5000, "ÿ", "\udcff"])
async def test_a_strange_forwarded_address_stops_nobody(client: Browser, cast, forwarded_for):
    assert (await sign_in(client, "bob@blog.test", PASSWORD, forwarded_for)).status == 200


async def test_the_right_password_after_the_wait_ends_the_slowness(client: Browser, cast, database):
    await sign_in(client, "alice@blog.test", "a guess")
    await _as_after_many(database, attempts=15, seconds_ago=1000)

    right = await sign_in(client, "alice@blog.test")
    wrong = await sign_in(client, "alice@blog.test", "a guess")

    assert right.status == 200
    assert wrong.status == 422


async def test_guessing_the_current_password_is_slowed_down_too(client: Browser, cast, database):
    client.sign_in(cast.alice)
    change = {"current": "a guess", "new": NEW_PASSWORD}
    assert (await client.put("/api/me/password", json=change)).status == 422
    await _as_after_many(database)

    reply = await client.put("/api/me/password", json=change)

    assert reply.status == 429
    assert "Retry-After" in reply.headers


async def test_behind_https_the_browser_guards_the_cookie(private_blog: Blog, cast):
    async with visit(private_blog) as make:
        browser = make()

        reply = await sign_in(browser, "alice@blog.test")

        cookie = cookie_of(reply)["__Host-inkstone_session"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["max-age"] == str(2 * 86400)
        named = {"Cookie": f"__Host-inkstone_session={cookie.value}"}
        assert (await browser.get("/api/me", headers=named)).status == 200
        assert (await browser.get("/api/me", headers={"Cookie": f"inkstone_session={cookie.value}"})).status == 401
        assert cookie_of(await browser.post("/api/signout"))["__Host-inkstone_session"]["secure"]
