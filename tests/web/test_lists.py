"""GET /tag/{tag}, /author/{name}, /archive and /archive/{month}"""

import pytest

from tests.conftest import Browser
from tests.web.forms import links, posts
from tests.web.test_home import walk

MAY = {"published_at": "2026-05-04T03:02:01Z", "tags": ["Green Tea"]}


@pytest.mark.parametrize("address", ["/tag/green-tea", "/author/Alice", "/archive/2026-05"])
async def test_a_list_has_its_own_posts_to_the_end(client: Browser, cast, write, address):
    for _ in range(12):
        await write(cast.alice, **MAY)
    await write(cast.bob, name="Other", published_at="2026-06-01T00:00:00Z", tags=["Tea"])
    await write(cast.alice, name="Draft", status="draft", tags=["Green Tea"])

    pages = await walk(client, address)

    assert [len(page) for page in pages] == [10, 2]
    shown = {post for page in pages for post in page}
    assert len(shown) == 12
    assert all(post.startswith("/post/hello") for post in shown)


@pytest.mark.parametrize(
    "address",
    ["/tag/tea", "/tag/%00", "/tag/%ff", "/author/Nobody", "/author/Carol", "/author/%F0%9F%8D%B5",
     "/archive/2026-13", "/archive/2026", "/archive/0000-01", "/archive/x", "/archive/2026-05-04", "/archive/99999-01"],
)  # fmt: skip
async def test_what_is_not_there_is_not_found(client: Browser, cast, post, address):
    assert (await client.get(address)).status == 404


@pytest.mark.parametrize("address", ["/tag/green-tea", "/author/Alice", "/archive/2026-05"])
@pytest.mark.parametrize("before", ["x", "1." + "0" * 31])
async def test_a_cursor_that_is_none_is_refused(client: Browser, cast, write, address, before):
    await write(cast.alice, **MAY)

    assert (await client.get(f"{address}?before={before}")).status == 422


async def test_a_tag_is_one_however_it_is_written(client: Browser, cast, write):
    await write(cast.alice, name="One", tags=["Green Tea"])
    await write(cast.bob, name="Two", tags=["GREEN  tea"])

    page = (await client.get("/tag/green-tea")).text

    assert posts(page) == ["/post/two", "/post/one"]
    assert "<h1>Green Tea</h1>" in page


async def test_a_tag_of_any_script_has_a_page(client: Browser, cast, write):
    await write(cast.alice, tags=["蚂蚁金服", "C++ & co.", "हिन्दी"])

    addresses = [link for link in links((await client.get("/")).text) if link.startswith("/tag/")]

    assert len(addresses) == 3
    for address in addresses:
        assert posts((await client.get(address)).text) == ["/post/hello"]


async def test_a_tag_goes_with_its_last_post(browsers, client: Browser, cast, write):
    post = await write(cast.alice, tags=["tea"])
    assert (await client.get("/tag/tea")).status == 200

    await browsers().sign_in(cast.alice).post(f"/manage/posts/{post.id}/delete")

    assert (await client.get("/tag/tea")).status == 404


async def test_an_author_without_posts_has_a_page(client: Browser, cast):
    assert "Bob has not published anything yet." in (await client.get("/author/bob")).text


async def test_the_archive_counts_by_month(client: Browser, cast, write):
    for time in (
        "2025-12-31T23:59:59.999999Z",
        "2026-01-01T00:00:00Z",
        "2026-01-31T23:00:00-03:00",
        "2026-01-15T00:00:00Z",
    ):
        await write(cast.alice, published_at=time)
    await write(cast.alice, status="draft")
    await write(cast.alice, status="scheduled", published_at="2999-01-01T00:00:00Z")

    page = (await client.get("/archive")).text

    assert [link for link in links(page) if link.startswith("/archive/")] == [
        "/archive/2026-02", "/archive/2026-01", "/archive/2025-12",
    ]  # fmt: skip
    assert 'href="/archive/2026-01">January</a> <span>2</span>' in page
    assert len(posts((await client.get("/archive/2026-01")).text)) == 2
    assert "Nothing was published in this month." in (await client.get("/archive/2024-01")).text


async def test_an_empty_archive_says_so(client: Browser):
    assert "Nothing has been published yet." in (await client.get("/archive")).text
