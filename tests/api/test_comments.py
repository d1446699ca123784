"""/api/posts/{id}/comments, /api/comments and /api/comments/{id}"""

import asyncio

import pytest

from tests.conftest import Browser

HELLO = {"content": "Nice *post* 茶 🍵"}


async def comment(browser: Browser, post, content: str = "Nice.") -> dict[str, object]:
    reply = await browser.post(f"/api/posts/{post.id}/comments", json={"content": content})
    assert reply.status == 201, reply.text
    return reply.json


async def moderate(browser: Browser, comment: dict[str, object], status: str) -> int:
    return (await browser.put(f"/api/comments/{comment['id']}", json={"status": status})).status


async def shown(browser: Browser, post) -> list[str]:
    return [item["content"] for item in (await browser.get(f"/api/posts/{post.id}/comments")).json["items"]]


async def counted(browser: Browser, post) -> int:
    return (await browser.get(f"/api/posts/{post.id}")).json["comment_count"]


async def test_a_readers_first_comment_is_held(browsers, cast, post):
    carol = browsers().sign_in(cast.carol)

    reply = await carol.post(f"/api/posts/{post.id}/comments", json=HELLO)

    assert reply.status == 201
    assert reply.json["status"] == "held"
    assert reply.json["content"] == HELLO["content"]
    assert "<em>post</em>" in reply.json["html"]
    assert reply.json["author"] == {"id": cast.carol.id, "name": "Carol"}
    assert (await carol.get(reply.headers["Location"])).json == reply.json
    assert await shown(browsers(), post) == []
    assert await counted(carol, post) == 0


@pytest.mark.parametrize("who", ["alice", "ada"])
async def test_the_posts_author_and_administrators_are_not_held(client: Browser, cast, post, who):
    assert (await comment(client.sign_in(getattr(cast, who)), post))["status"] == "approved"
    assert await counted(client, post) == 1


async def test_another_author_is_held_as_anybody(client: Browser, cast, post):
    assert (await comment(client.sign_in(cast.bob), post))["status"] == "held"


async def test_who_was_approved_once_is_trusted(browsers, cast, post):
    carol = browsers().sign_in(cast.carol)
    first = await comment(carol, post, "First.")

    await moderate(browsers().sign_in(cast.alice), first, "approved")

    assert (await comment(carol, post, "Second."))["status"] == "approved"
    assert await shown(browsers(), post) == ["First.", "Second."]


async def test_spam_earns_no_trust(browsers, cast, post):
    carol = browsers().sign_in(cast.carol)
    first = await comment(carol, post)

    await moderate(browsers().sign_in(cast.alice), first, "spam")

    assert (await comment(carol, post))["status"] == "held"
    assert await shown(browsers(), post) == []


async def test_a_comment_comes_and_goes_with_its_status(browsers, cast, post):
    alice = browsers().sign_in(cast.alice)
    one = await comment(browsers().sign_in(cast.carol), post)

    for status, count in [("approved", 1), ("approved", 1), ("spam", 0), ("held", 0), ("approved", 1), ("held", 0)]:
        assert await moderate(alice, one, status) == 200
        assert len(await shown(browsers(), post)) == count
        assert await counted(alice, post) == count


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("carol", 403), ("bob", 403), ("alice", 200), ("ada", 200)])
async def test_the_posts_author_and_administrators_moderate(browsers, cast, post, who, status):
    one = await comment(browsers().sign_in(cast.carol), post)
    browser = browsers().sign_in(getattr(cast, who)) if who else browsers()

    assert await moderate(browser, one, "approved") == status
    assert await counted(browser, post) == (1 if status == 200 else 0)


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("bob", 403), ("carol", 204), ("alice", 204), ("ada", 204)])
@pytest.mark.parametrize("approved", [False, True])
async def test_the_comments_author_and_moderators_delete_it(browsers, cast, post, who, status, approved):
    one = await comment(browsers().sign_in(cast.carol), post)
    if approved:
        await moderate(browsers().sign_in(cast.ada), one, "approved")
    browser = browsers().sign_in(getattr(cast, who)) if who else browsers()

    reply = await browser.delete(f"/api/comments/{one['id']}")

    assert reply.status == status
    assert await counted(browser, post) == (1 if approved and status != 204 else 0)
    left = await browsers().sign_in(cast.ada).get(f"/api/comments/{one['id']}")
    assert left.status == (404 if status == 204 else 200)


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("bob", 403), ("carol", 200), ("alice", 200), ("ada", 200)])
async def test_a_held_comment_is_for_its_author_and_moderators(browsers, cast, post, who, status):
    one = await comment(browsers().sign_in(cast.carol), post)
    browser = browsers().sign_in(getattr(cast, who)) if who else browsers()

    assert (await browser.get(f"/api/comments/{one['id']}")).status == status


async def test_authors_moderate_what_stands_below_their_own_posts(browsers, cast, post, write):
    bobs = await write(cast.bob, name="Bob's")
    carol = browsers().sign_in(cast.carol)
    await comment(carol, post, "To Alice")
    await comment(carol, bobs, "To Bob")

    async def queue(user) -> list[str]:
        return [item["content"] for item in (await browsers().sign_in(user).get("/api/comments")).json["items"]]

    assert await queue(cast.alice) == ["To Alice"]
    assert await queue(cast.bob) == ["To Bob"]
    assert await queue(cast.ada) == ["To Bob", "To Alice"]
    assert (await carol.get("/api/comments")).status == 403
    assert (await browsers().get("/api/comments")).status == 401


async def test_lists_go_on_where_they_ended(client: Browser, cast, post):
    client.sign_in(cast.alice)
    for number in range(5):
        await comment(client, post, f"Number {number}")

    async def all_of(address: str) -> list[str]:
        contents, before = [], ""
        while before is not None:
            page = (await client.get(address + (f"&before={before}" if before else ""))).json
            contents += [item["content"] for item in page["items"]]
            before = page["next"]
        return contents

    oldest_first = [f"Number {number}" for number in range(5)]
    assert await all_of(f"/api/posts/{post.id}/comments?limit=2") == oldest_first
    assert await all_of("/api/comments?limit=2&status=approved") == oldest_first[::-1]


async def test_the_same_key_comments_once(client: Browser, cast, post):
    client.sign_in(cast.alice)
    headers = {"Idempotency-Key": "one"}
    address = f"/api/posts/{post.id}/comments"

    replies = await asyncio.gather(*[client.post(address, json=HELLO, headers=headers) for _ in range(4)])

    assert [reply.status for reply in replies] == [201] * 4
    assert len({reply.json["id"] for reply in replies}) == 1
    assert await counted(client, post) == 1


async def test_many_at_once_are_all_counted(browsers, cast, post):
    alice = browsers().sign_in(cast.alice)

    made = await asyncio.gather(*[comment(alice, post, f"Number {number}") for number in range(10)])
    await asyncio.gather(*[alice.delete(f"/api/comments/{one['id']}") for one in made[:4]])

    assert await counted(alice, post) == 6
    assert len(await shown(alice, post)) == 6


async def test_of_two_who_delete_at_once_one_does(browsers, cast, post):
    alice, ada = browsers().sign_in(cast.alice), browsers().sign_in(cast.ada)
    one = await comment(alice, post)

    replies = await asyncio.gather(*[who.delete(f"/api/comments/{one['id']}") for who in (alice, ada, alice, ada)])

    assert sorted(reply.status for reply in replies) == [204, 404, 404, 404]
    assert await counted(alice, post) == 0


async def test_a_visitor_can_not_comment(client: Browser, cast, post):
    assert (await client.post(f"/api/posts/{post.id}/comments", json=HELLO)).status == 401


@pytest.mark.parametrize(
    "fields", [{"status": "draft"}, {"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}]
)
async def test_what_is_not_published_has_no_comments(client: Browser, cast, write, fields):
    secret = await write(cast.alice, name="Secret", **fields)
    client.sign_in(cast.carol)

    assert (await client.post(f"/api/posts/{secret.id}/comments", json=HELLO)).status == 404
    assert (await client.get(f"/api/posts/{secret.id}/comments")).status == 404


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": " \n "}, "content"),
        ({"content": "x" * 10_001}, "content"),
        ({"content": "NUL\0"}, "content"),
        ({"content": "Hi", "status": "approved"}, "status"),
    ],
)
async def test_what_makes_no_comment_is_refused(client: Browser, cast, post, fields, refused):
    client.sign_in(cast.carol)

    reply = await client.post(f"/api/posts/{post.id}/comments", json=fields)

    assert reply.status == 422
    assert list(reply.problem) == [refused]


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](//track.test/x.png)",
    ],
)
async def test_a_comment_can_do_no_harm(client: Browser, cast, post, content):
    html = (await comment(client.sign_in(cast.alice), post, content))["html"]

    assert not any(evil in html for evil in ("<script", 'javascript:"', 'href="javascript', "<img"))


async def test_a_deleted_posts_comments_are_gone(browsers, cast, post):
    carol, alice = browsers().sign_in(cast.carol), browsers().sign_in(cast.alice)
    one = await comment(carol, post)

    await alice.delete(f"/api/posts/{post.id}")

    assert (await carol.get(f"/api/comments/{one['id']}")).status == 404
    assert (await carol.get(f"/api/posts/{post.id}/comments")).status == 404


@pytest.mark.parametrize("query", ["limit=0", "before=x", "status=x", "what=ever"])
async def test_a_list_refuses_what_it_does_not_know(client: Browser, cast, post, query):
    client.sign_in(cast.alice)

    for address in (f"/api/posts/{post.id}/comments", "/api/comments"):
        reply = await client.get(f"{address}?{query}")
        assert reply.status == 422
        assert list(reply.problem) == [query.partition("=")[0]]
