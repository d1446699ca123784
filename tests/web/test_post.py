"""GET and POST /post/{slug}"""

import pytest

from inkstone.domain.markdown import render_comment
from inkstone.storage import comments
from tests.conftest import Browser
from tests.web.forms import fields, links

URL = "/post/hello"
LATER = {"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}


async def test_a_post_shows_what_was_written(client: Browser, cast, write):
    content = "# Leaves\n\nSome *tea* 茶 🍵\n\n```python\nprint('hi')\n```\n\n<script>alert(1)</script>"
    await write(cast.alice, name="Tea & <b>", summary="Short.", content=content, tags=["Green Tea"])

    reply = await client.get("/post/tea-b")

    assert reply.status == 200
    assert "<h1>Tea &amp; &lt;b&gt;</h1>" in reply.text
    assert "<em>tea</em> 茶 🍵" in reply.text
    assert "alert(1)" not in reply.text
    assert '<link rel="canonical" href="http://blog.test/post/tea-b">' in reply.text
    assert {"/tag/green-tea", "/author/Alice", "/signin?next=%2Fpost%2Ftea-b"} <= set(links(reply.text))


async def test_a_post_of_any_script_has_an_address(client: Browser, cast, write):
    await write(cast.alice, name="蚂蚁 金服 हिन्दी?")

    (address,) = [link for link in links((await client.get("/")).text) if link.startswith("/post/")]

    assert address.isascii()
    assert "蚂蚁 金服" in (await client.get(address)).text


@pytest.mark.parametrize("slug", ["nothing", "%00", "%ff", "%F0%9F%8D%B5", "a" * 3000, "..%2f..", "Hello"])
async def test_what_is_not_there_is_not_found(client: Browser, post, slug):
    assert (await client.get(f"/post/{slug}")).status == 404


@pytest.mark.parametrize("hidden", [{"status": "draft"}, LATER])
@pytest.mark.parametrize(("who", "status"), [(None, 404), ("carol", 404), ("bob", 404), ("alice", 200), ("ada", 200)])
async def test_what_is_not_published_is_its_authors_alone(client: Browser, cast, write, hidden, who, status):
    await write(cast.alice, **hidden)
    if who:
        client.sign_in(getattr(cast, who))

    reply = await client.get(URL)

    assert reply.status == status
    assert ("Only you and the administrators can see it." in reply.text) is (status == 200)
    if who:
        assert (await client.post(URL, data={"content": "Nice."})).status == (303 if status == 200 else 404)


async def test_an_old_address_leads_to_the_new_one_for_good(browsers, client: Browser, cast, post):
    alice = browsers().sign_in(cast.alice)
    for version, slug in enumerate(("hello-again", "hello-once-more"), 1):
        form = {"name": "Hello", "content": "x", "status": "published", "slug": slug, "version": str(version)}
        assert (await alice.post(f"/manage/posts/{post.id}", data=form)).status == 303

    for old in ("/post/hello", "/post/hello-again", "/post/hello/"):
        reply = await client.get(old)
        assert (reply.status, reply.headers["Location"]) == (301, "/post/hello-once-more")
    assert (await client.get("/post/hello-once-more")).status == 200


async def test_an_address_that_is_used_again_is_the_new_posts(browsers, client: Browser, cast, post, write):
    form = {"name": "Hello", "content": "x", "status": "published", "slug": "moved", "version": "1"}
    await browsers().sign_in(cast.alice).post(f"/manage/posts/{post.id}", data=form)
    await write(cast.bob, content="By Bob.")

    assert "By Bob." in (await client.get(URL)).text


async def test_a_readers_first_comment_is_held(browsers, client: Browser, cast, post):
    carol = browsers().sign_in(cast.carol)

    reply = await carol.post(URL, data={"content": "Nice *post*."})

    assert (reply.status, reply.headers["Location"]) == (303, "/post/hello?comment=held")
    assert "when it has been approved" in (await carol.get(reply.headers["Location"])).text
    assert "Nice" not in (await client.get(URL)).text


async def test_the_authors_comment_appears_at_once(browsers, client: Browser, cast, post):
    alice = browsers().sign_in(cast.alice)

    reply = await alice.post(URL, data={"content": "Thanks, *all*.\r\nBye <b>now</b>"})

    assert (reply.status, reply.headers["Location"]) == (303, "/post/hello")
    page = (await client.get(URL)).text
    assert "Thanks, <em>all</em>." in page
    assert "<b>now</b>" not in page
    assert "1 comment" in page
    assert "1 comment" in (await client.get("/")).text


async def test_only_who_is_signed_in_may_comment(client: Browser, post):
    assert "content" not in fields((await client.get(URL)).text)

    reply = await client.post(URL, data={"content": "Nice."})

    assert reply.status == 401


@pytest.mark.parametrize("content", ["", " \r\n ", "x" * 10_001, "</textarea><script>alert(1)</script>" + "x" * 10_000])
async def test_a_refused_comment_stays_in_the_form(client: Browser, cast, post, content):
    client.sign_in(cast.carol)

    reply = await client.post(URL, data={"content": content})

    assert reply.status == 422
    assert fields(reply.text)["content"] == content.replace("\r\n", "\n")
    assert 'id="content-error"' in reply.text
    assert "<script>alert" not in reply.text


async def test_a_comment_on_what_is_not_there_is_not_found(client: Browser, cast):
    client.sign_in(cast.carol)

    assert (await client.post(URL, data={"content": "Nice."})).status == 404


async def test_many_comments_take_several_pages(client: Browser, cast, post, database):
    async with database.transaction() as db:
        for number in range(103):
            await comments.insert(db, post, cast.alice, f"Number {number}", render_comment(f"Number {number}."))

    first = (await client.get(URL)).text
    (more,) = [link for link in links(first) if "after=" in link]
    second = (await client.get(more)).text

    seen = [number for page in (first, second) for number in range(103) if f"Number {number}." in page]
    assert seen == list(range(103))
    assert not [link for link in links(second) if "after=" in link]


@pytest.mark.parametrize("after", ["x", "%00", "0" * 33])
async def test_a_place_among_the_comments_that_is_none_is_refused(client: Browser, cast, post, after):
    client.sign_in(cast.alice)
    assert (await client.post(URL, data={"content": "First."})).status == 303

    assert (await client.get(f"{URL}?after={after}")).status == 422


async def test_a_moderator_deletes_a_comment_from_the_post(browsers, cast, post, database):
    async with database.transaction() as db:
        comment = await comments.insert(db, post, cast.alice, "Oops.", "<p>Oops.</p>")
    alice, bob = browsers().sign_in(cast.alice), browsers().sign_in(cast.bob)
    address = f"/manage/comments/{comment.id}"

    assert address in (await alice.get(URL)).text
    assert address not in (await bob.get(URL)).text
