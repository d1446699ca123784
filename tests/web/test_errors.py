"""What a failure looks like as a page, and old addresses"""

import io

import pytest

from inkstone.storage import redirects
from tests.conftest import Browser
from tests.samples import SAMPLES, UNSAFE
from tests.web.forms import links


async def test_what_is_not_there_has_a_page(client: Browser):
    reply = await client.get("/no/such/<page>?x=1")

    assert reply.status == 404
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "There is nothing at this address." in reply.text
    assert '<meta name="robots" content="noindex">' in reply.text
    assert "/" in links(reply.text)
    assert "<page>" not in reply.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/%00", 404), ("/%ff", 404), ("/" + "a" * 4000, 404), ("/static/none.css", 404), ("/media/x.png", 404),
     ("/manage/", 404), ("/manage/nothing", 404), ("/post/", 404), ("/.env", 404)],
)  # fmt: skip
async def test_strange_addresses(client: Browser, path, status):
    assert (await client.get(path)).status == status


async def test_a_forbidden_page_says_why(client: Browser, cast):
    reply = await client.sign_in(cast.carol).get("/manage/posts/new")

    assert reply.status == 403
    assert "Only authors may do this." in reply.text
    assert "Sign out" in reply.text


@pytest.mark.parametrize(("method", "path"), [("PUT", "/"), ("DELETE", "/post/hello"), ("POST", "/archive")])
async def test_another_method_is_told_which_there_are(client: Browser, method, path):
    reply = await client.request(method, path)

    assert reply.status == 405
    assert {"GET", "HEAD"} <= set(reply.headers["Allow"].split(","))
    assert method not in reply.headers["Allow"].split(",")
    assert "doesn&#39;t take this kind of request" in reply.text


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "NONSENSE"])
async def test_an_unknown_method_is_refused(client: Browser, method):
    assert 400 <= (await client.request(method, "/")).status < 500


NO_FORM = {"/signout", "/manage/posts/{id}/delete"}
FORMS = [address.removeprefix("POST ") for address in UNSAFE if "/api/" not in address]


@pytest.mark.parametrize("path", [path for path in FORMS if path not in NO_FORM])
async def test_a_form_that_is_too_large(client: Browser, cast, scene, path):
    client.sign_in(cast.ada)
    body = io.BytesIO(b"content=" + b"x" * (7 * 1024 * 1024))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    address = SAMPLES[f"POST {path}"].path.format(**scene.names)

    reply = await client.post(address, data=body, headers=headers)

    assert reply.status == 413
    assert "This is too large." in reply.text


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("text/plain", b"content=x"), ("application/json", b"{}"), ("multipart/form-data; boundary=x", b"--x--\r\n"),
     ("application/x-www-form-urlencoded", b"content=\xff"), ("application/x-www-form-urlencoded", b"content=%ff"),
     ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(200)))],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/post/hello", "/signin", "/register", "/manage/posts/new", "/account"])
async def test_a_form_that_can_not_be_read(client: Browser, cast, post, content_type, body, path):
    client.sign_in(cast.alice)

    reply = await client.post(path, data=body, headers={"Content-Type": content_type})

    assert reply.status == 400
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_another_sites_form_is_refused(client: Browser, cast, post):
    client.sign_in(cast.alice)

    reply = await client.post("/post/hello", data={"content": "x"}, headers={"Origin": "https://evil.test"})

    assert reply.status == 403
    assert "came from another site" in reply.text


async def test_an_old_address_leads_to_its_post_for_good(client: Browser, cast, post, database):
    old = "2019/05/蚂蚁 & co.html"
    async with database.transaction() as db:
        await redirects.insert(db, old, post.id)
        await redirects.insert(db, "/blog/hello/", post.id)

    for path in ("/2019/05/蚂蚁%20&%20co.html", "/blog/hello", "/blog/hello/", "/blog/hello?utm_source=x"):
        reply = await client.get(path)
        assert (reply.status, reply.headers["Location"]) == (301, "/post/hello"), path
        assert "s-maxage" in reply.headers["Cache-Control"]
    assert (await client.get("/blog/Hello")).status == 404
    assert (await client.post("/blog/hello")).status in {404, 405}


async def test_an_old_address_goes_with_its_post(client: Browser, browsers, cast, post, database):
    async with database.transaction() as db:
        await redirects.insert(db, "blog/hello", post.id)

    await browsers().sign_in(cast.alice).post(f"/manage/posts/{post.id}/delete")

    assert (await client.get("/blog/hello")).status == 404
