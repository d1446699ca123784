"""GET /api/tags"""

import pytest

from tests.conftest import Browser


async def tags(browser: Browser) -> dict[str, int]:
    return {tag["name"]: tag["posts"] for tag in (await browser.get("/api/tags")).json["items"]}


async def test_tags_in_use_are_listed_by_name_with_their_posts(client: Browser, cast, write):
    await write(cast.alice, name="One", tags=["Tea", "茶"])
    await write(cast.bob, name="Two", tags=["tea", "C++", "🍵 cups"])

    reply = await client.get("/api/tags")

    assert reply.json == {
        "items": [
            {"slug": "c", "name": "C++", "posts": 1},
            {"slug": "cups", "name": "🍵 cups", "posts": 1},
            {"slug": "tea", "name": "Tea", "posts": 2},
            {"slug": "茶", "name": "茶", "posts": 1},
        ],
        "next": None,
    }


async def test_a_draft_is_not_counted(client: Browser, cast, write):
    await write(cast.alice, tags=["tea"], status="draft")

    assert await tags(client) == {}


async def test_the_counts_follow_what_becomes_of_posts(client: Browser, cast, write):
    post = await write(cast.alice, tags=["tea", "cups"])
    client.sign_in(cast.alice)
    address, every = f"/api/posts/{post.id}", {"If-Match": "*"}

    await client.put(address, json={"name": "Hello", "status": "published", "tags": ["cups", "pots"]}, headers=every)
    assert await tags(client) == {"cups": 1, "pots": 1}

    await client.put(address, json={"name": "Hello", "status": "draft", "tags": ["cups"]}, headers=every)
    assert await tags(client) == {}

    await client.put(address, json={"name": "Hello", "status": "published", "tags": ["cups"]}, headers=every)
    assert await tags(client) == {"cups": 1}

    await client.delete(address)
    assert await tags(client) == {}


async def test_a_list_goes_on_where_it_ended(client: Browser, cast, write):
    names = ["aa", "bb", "cc", "茶", "🍵x"]
    await write(cast.alice, tags=names)

    found, before = [], None
    while before is not None or not found:
        page = (await client.get("/api/tags", params={"limit": 2, **({"before": before} if before else {})})).json
        found += [tag["name"] for tag in page["items"]]
        before = page["next"]

    assert sorted(found) == sorted(names)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "what=ever", "before=%00"])
async def test_a_list_refuses_what_it_does_not_know(client: Browser, query):
    reply = await client.get(f"/api/tags?{query}")

    assert reply.status == 422
    assert list(reply.problem) == [query.partition("=")[0]]


async def test_a_posts_list_can_be_of_one_tag(client: Browser, cast, write):
    await write(cast.alice, name="One", tags=["茶"])
    await write(cast.alice, name="Two", tags=["tea"])

    listed = (await client.get("/api/posts", params={"tag": "茶"})).json["items"]

    assert [post["name"] for post in listed] == ["One"]
