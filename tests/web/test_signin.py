"""GET and POST /signin, POST /signout"""

import pytest

from tests.conftest import PASSWORD, Browser, visit
from tests.web.forms import fields

ALICE = {"email": "alice@blog.test", "password": PASSWORD}


async def test_who_signs_in_goes_on_where_they_wanted_to(client: Browser, cast):
    form = fields((await client.get("/signin?next=/manage/posts?status=draft")).text)
    assert form["next"] == "/manage/posts?status=draft"

    reply = await client.post("/signin", data={**ALICE, "next": form["next"]})

    assert (reply.status, reply.headers["Location"]) == (303, "/manage/posts?status=draft")
    assert (await client.get("/manage/posts")).status == 200


@pytest.mark.parametrize(("field", "value"), [("password", "wrong"), ("email", "nobody@blog.test"), ("password", "")])
async def test_a_failure_keeps_what_was_typed_but_the_password(client: Browser, cast, field, value):
    reply = await client.post("/signin", data={**ALICE, field: value, "next": "/account"})

    assert reply.status == 422
    assert "E-mail or password is wrong." in reply.text
    typed = fields(reply.text)
    assert (typed["email"], typed["password"], typed["next"]) == ({**ALICE, field: value}["email"], "", "/account")
    assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.test", "https://evil.test/", "/\\evil.test", "\\\\evil.test", "evil.test", "javascript:alert(1)", "",
     "/a\r\nSet-Cookie: x=1", "/\t/evil.test", " //evil.test", "http:/evil.test", "/\u2028"],
)  # fmt: skip
async def test_nobody_is_sent_to_another_site(client: Browser, cast, elsewhere):
    assert fields((await client.get("/signin", params={"next": elsewhere})).text)["next"] == "/"

    reply = await client.post("/signin", data={**ALICE, "next": elsewhere})

    assert (reply.status, reply.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "address",
    ["/account", "/manage/posts", "/manage/posts/new", "/manage/posts/x", "/manage/comments", "/manage/users"],
)
async def test_a_page_for_who_is_signed_in_leads_here(client: Browser, cast, address):
    reply = await client.get(f"{address}?status=spam&x=1")

    assert reply.status == 303
    form = fields((await client.get(reply.headers["Location"])).text)
    assert form["next"] == f"{address}?status=spam&x=1"


async def test_too_many_failures_are_told_when_to_try_again(client: Browser, cast):
    replies = [await client.post("/signin", data={**ALICE, "password": "wrong"}) for _ in range(7)]

    assert [reply.status for reply in replies[:5]] == [422] * 5
    slowed = next(reply for reply in replies if reply.status == 429)
    assert int(slowed.headers["Retry-After"]) > 0
    assert "Try again in" in slowed.text


async def test_signing_out_is_a_post_and_ends_it_here(client: Browser, cast):
    client.sign_in(cast.alice)
    assert (await client.get("/signout")).status in {404, 405}
    assert (await client.get("/account")).status == 200

    reply = await client.post("/signout")

    assert (reply.status, reply.headers["Location"]) == (303, "/")
    assert (await client.get("/account")).status == 303


async def test_behind_https_the_cookie_is_for_https_alone(private_blog, cast):
    async with visit(private_blog) as browsers:
        reply = await browsers().post(
            "/signin", data=ALICE, headers={"Origin": "https://blog.test", "Host": "blog.test"}
        )

    assert reply.status == 303
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("__Host-inkstone_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=172800"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
