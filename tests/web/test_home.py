"""GET /"""

import pytest

from tests.conftest import Browser
from tests.web.forms import older, posts

HIDDEN = [{"status": "draft"}, {"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}]


async def walk(client: Browser, address: str) -> list[list[str]]:
    """The posts of each page, to the end."""
    pages = []
    while address:
        reply = await client.get(address)
        assert reply.status == 200
        pages.append(posts(reply.text))
        address = older(reply.text) or ""
    return pages


async def test_an_empty_blog_says_so(client: Browser):
    reply = await client.get("/")

    assert reply.status == 200
    assert "Nothing has been published yet." in reply.text
    assert older(reply.text) is None


async def test_the_newest_post_comes_first(client: Browser, cast, write):
    for day in (2, 1, 3):
        await write(cast.alice, name=f"Day {day}", published_at=f"2026-01-0{day}T00:00:00Z")

    assert posts((await client.get("/")).text) == ["/post/day-3", "/post/day-2", "/post/day-1"]


async def test_a_teaser_tells_what_a_post_is_about(client: Browser, cast, write):
    fields = {"summary": "In short: <tea> & 茶", "tags": ["Green Tea"], "content": "At length."}
    await write(cast.alice, name="<b>Tea</b>", published_at="2026-02-03T04:05:06Z", **fields)

    page = (await client.get("/")).text

    assert "&lt;b&gt;Tea&lt;/b&gt;" in page
    assert "In short: &lt;tea&gt; &amp; 茶" in page
    assert 'href="/tag/green-tea"' in page
    assert 'href="/author/Alice"' in page
    assert 'datetime="2026-02-03T04:05:06Z"' in page
    assert "At length." not in page


@pytest.mark.parametrize("count", [10, 11, 25])
async def test_paging_loses_and_repeats_nothing(client: Browser, cast, write, count):
    for _ in range(count):
        await write(cast.alice, published_at="2026-01-01T00:00:00Z")

    pages = await walk(client, "/")

    assert [len(page) for page in pages] == [10] * (count // 10) + [count % 10] * (count % 10 > 0)
    assert len({post for page in pages for post in page}) == count


async def test_paging_goes_on_while_posts_are_added(client: Browser, cast, write):
    before = {f"/post/{(await write(cast.alice)).slug}" for _ in range(15)}
    first = await client.get("/")
    for _ in range(3):
        await write(cast.bob)

    rest = await walk(client, older(first.text) or "")

    assert set(posts(first.text)) | set(rest[0]) == before
    assert len(rest) == 1


@pytest.mark.parametrize("fields", HIDDEN)
@pytest.mark.parametrize("who", [None, "alice", "ada"])
async def test_what_is_not_published_is_not_listed(client: Browser, cast, write, fields, who):
    await write(cast.alice, **fields)
    if who:
        client.sign_in(getattr(cast, who))

    assert posts((await client.get("/")).text) == []


@pytest.mark.parametrize("before", ["x", "1.2", "%00", "9" * 30])
async def test_a_cursor_that_is_none_is_refused(client: Browser, before):
    reply = await client.get(f"/?before={before}")

    assert reply.status == 422
    assert "no cursor" in reply.text


async def test_who_is_signed_in_sees_the_way_to_what_they_may(browsers, cast):
    visitor, carol, alice = browsers(), browsers().sign_in(cast.carol), browsers().sign_in(cast.alice)

    assert "/signin?next=%2F" in (await visitor.get("/")).text
    assert "/manage/posts" not in (await carol.get("/")).text
    assert "Sign out" in (await carol.get("/")).text
    assert "/manage/posts" in (await alice.get("/")).text
