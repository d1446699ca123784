"""GET and POST /register and /account"""

import pytest

from tests.conftest import PASSWORD, Browser, visit
from tests.web.forms import fields

DORA = {"name": "Dora 朵拉", "email": "Dora@blog.test", "password": PASSWORD}


async def test_a_visitor_becomes_a_reader(client: Browser):
    assert fields((await client.get("/register")).text).keys() == {"name", "email", "password"}

    reply = await client.post("/register", data=DORA)

    assert (reply.status, reply.headers["Location"]) == (303, "/")
    page = (await client.get("/account")).text
    for word in ("Dora 朵拉", "dora@blog.test", "Reader"):
        assert word in page
    assert (await client.get("/manage/posts")).status == 403


@pytest.mark.parametrize(
    ("field", "value", "wrong"),
    [
        ("name", "", "name"), ("name", "a/b", "name"), ("name", "alice", "name"), ("email", "dora", "email"),
        ("email", "ALICE@blog.test", "email"), ("password", "short", "password"), ("password", "x" * 201, "password"),
    ],
)  # fmt: skip
async def test_a_refused_registration_stays_in_the_form(client: Browser, cast, field, value, wrong):
    sent = {**DORA, field: value}

    reply = await client.post("/register", data=sent)

    assert reply.status == 422
    assert f'id="{wrong}-error"' in reply.text
    assert fields(reply.text) == {"name": sent["name"], "email": sent["email"], "password": ""}


async def test_a_field_that_is_not_in_the_form_is_refused(client: Browser):
    reply = await client.post("/register", data={**DORA, "role": "administrator"})

    assert reply.status == 422
    assert "role: There is no such field." in reply.text


async def test_where_registration_is_closed(private_blog, cast):
    headers = {"Origin": "https://blog.test", "Host": "blog.test"}
    async with visit(private_blog) as browsers:
        browser = browsers()

        assert (await browser.get("/register")).status == 403
        assert (await browser.post("/register", data=DORA, headers=headers)).status == 403
        assert "/register" not in (await browser.get("/")).text
        assert "/register" not in (await browser.get("/signin")).text


async def test_a_new_password_ends_all_other_sessions(browsers, cast):
    here, there = browsers().sign_in(cast.alice), browsers().sign_in(cast.alice)

    reply = await here.post("/account", data={"current": PASSWORD, "new": "another long one"})

    assert (reply.status, reply.headers["Location"]) == (303, "/account?saved=1")
    assert "Your password has been changed." in (await here.get("/account?saved=1")).text
    assert (await there.get("/account")).status == 303
    signin = {"email": "alice@blog.test", "password": "another long one"}
    assert (await there.post("/signin", data=signin)).status == 303


@pytest.mark.parametrize(
    ("current", "new", "wrong"),
    [
        ("not it, I fear", "another long one", "current"),
        (PASSWORD, "short", "new"),
        ("", "another long one", "current"),
    ],
)
async def test_a_refused_change_changes_nothing(browsers, cast, current, new, wrong):
    here, there = browsers().sign_in(cast.alice), browsers().sign_in(cast.alice)

    reply = await here.post("/account", data={"current": current, "new": new})

    assert reply.status == 422
    assert f'id="{wrong}-error"' in reply.text
    assert fields(reply.text) == {"current": "", "new": ""}
    assert (await there.get("/account")).status == 200


async def test_only_ones_own(client: Browser, cast):
    assert (await client.get("/account")).status == 303
    assert (await client.post("/account", data={"current": PASSWORD, "new": "another long one"})).status == 401
