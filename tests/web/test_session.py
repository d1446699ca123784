"""The session cookie through HTTP: whom it is accepted from, and by whom."""

import time

import pytest

from inkstone.domain.session import sign
from inkstone.storage import users
from tests import servers
from tests.conftest import Browser, session_cookie, visit

NEW_KEYS = ("a third key that nothing before was signed with", servers.KEYS[0])


async def who(browser: Browser) -> int:
    return (await browser.get("/account")).status


async def test_a_good_cookie(client: Browser, cast):
    assert await who(client.sign_in(cast.carol)) == 200


async def test_a_deleted_user_is_signed_out(client: Browser, cast, database):
    client.sign_in(cast.carol)
    async with database.transaction() as db:
        await users.delete(db, cast.carol.id)

    assert await who(client) == 303
    assert (await client.get("/")).status == 200


async def test_a_new_password_signs_out(client: Browser, cast, database):
    client.sign_in(cast.carol)
    async with database.connection() as db:
        await users.update_credential(db, cast.carol.id, cast.bob.credential.replace("t=2", "t=3"))

    assert await who(client) == 303


async def test_an_account_without_a_password_takes_no_cookie(client: Browser, cast, database):
    async with database.connection() as db:
        await users.update_credential(db, cast.carol.id, "")

    assert await who(client.bring(sign(cast.carol.id, "", expires=int(time.time()) + 60, key=servers.KEYS[0]))) == 303


@pytest.mark.parametrize(
    ("key", "lifetime", "status"),
    [(servers.KEYS[0], 60, 200), (servers.KEYS[1], 60, 200), ("a key that was never ours, however long", 60, 303),
     (servers.KEYS[0], -1, 303), (servers.KEYS[0], 0, 303)],
)  # fmt: skip
async def test_keys_and_times(client: Browser, cast, key, lifetime, status):
    assert await who(client.bring(session_cookie(cast.carol, key, lifetime))) == status


@pytest.mark.parametrize("cookie", ["", "x", "--", "1-2-3", "0" * 5000, '"', "%00", "a-9999999999-" + "0" * 40])
async def test_any_other_cookie_is_a_visitors(client: Browser, cast, cookie):
    reply = await client.get("/", headers={"Cookie": f"inkstone_session={cookie}"})

    assert reply.status == 200
    assert "Sign out" not in reply.text
    assert reply.headers["Cache-Control"] == "private, no-store"


async def test_a_process_that_starts_later_accepts_what_another_made(database_url, client: Browser, cast):
    signed = await client.post("/signin", data={"email": "carol@blog.test", "password": servers.PASSWORD})
    assert signed.status == 303
    ours = signed.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    retired = session_cookie(cast.carol, servers.KEYS[1])

    with servers.gunicorn(database_url, SECRET_KEYS=",".join(NEW_KEYS)) as later:
        async with visit(later.wait()) as browsers:
            assert await who(browsers().bring(ours)) == 200
            assert await who(browsers().bring(session_cookie(cast.carol, NEW_KEYS[0]))) == 200
            assert await who(browsers().bring(retired)) == 303
    assert await who(client.bring(retired)) == 200
