"""/api/posts and /api/posts/{id}"""

import asyncio

import pytest

from tests.conftest import Browser

POST = {
    "name": "Tea",
    "summary": "On tea",
    "content": "# Leaves\n\nSome *tea* 茶 🍵",
    "tags": ["Tea", "茶"],
    "status": "published",
}


async def test_author_writes_a_post(client: Browser, cast):
    client.sign_in(cast.alice)

    reply = await client.post("/api/posts", json=POST)

    assert reply.status == 201
    assert reply.headers["ETag"] == '"1"'
    post = (await client.get(reply.headers["Location"])).json
    assert {key: post[key] for key in POST} == POST
    assert post["author"] == {"id": cast.alice.id, "name": "Alice"}
    assert "<em>tea</em>" in post["html"]
    assert post["slug"] == "tea"
    assert post["version"] == 1


async def test_posts_of_one_name_get_addresses_of_their_own(client: Browser, cast):
    client.sign_in(cast.alice)

    replies = [await client.post("/api/posts", json=POST) for _ in range(3)]

    assert [reply.json["slug"] for reply in replies] == ["tea", "tea-2", "tea-3"]


async def test_a_slug_that_was_asked_for_and_is_taken_is_refused(client: Browser, cast, post):
    client.sign_in(cast.bob)

    reply = await client.post("/api/posts", json={**POST, "slug": post.slug})

    assert reply.status == 422
    assert reply.problem == {"slug": "There is already a post at this address."}


async def test_the_same_key_creates_once(client: Browser, cast):
    client.sign_in(cast.alice)
    headers = {"Idempotency-Key": "one"}

    replies = await asyncio.gather(*[client.post("/api/posts", json=POST, headers=headers) for _ in range(6)])

    assert [reply.status for reply in replies] == [201] * 6
    assert len({reply.json["id"] for reply in replies}) == 1
    assert len((await client.get("/api/posts")).json["items"]) == 1


async def test_a_key_belongs_to_one_request_and_one_user(browsers, database, cast):
    alice, bob = browsers().sign_in(cast.alice), browsers().sign_in(cast.bob)
    headers = {"Idempotency-Key": "one"}
    first = await alice.post("/api/posts", json=POST, headers=headers)

    other_body = await alice.post("/api/posts", json={**POST, "name": "Coffee"}, headers=headers)
    other_user = await bob.post("/api/posts", json=POST, headers=headers)

    assert other_body.status == 409
    assert other_user.status == 201
    assert other_user.json["id"] != first.json["id"]


async def test_a_failed_call_does_not_use_up_its_key(client: Browser, cast, post):
    client.sign_in(cast.alice)
    headers = {"Idempotency-Key": "one"}
    assert (await client.post("/api/posts", json={**POST, "slug": post.slug}, headers=headers)).status == 422

    reply = await client.post("/api/posts", json=POST, headers=headers)

    assert reply.status == 201


async def test_author_changes_a_post(client: Browser, cast, post):
    client.sign_in(cast.alice)

    reply = await client.put(f"/api/posts/{post.id}", json=POST, headers={"If-Match": '"1"'})

    assert reply.status == 200
    assert reply.headers["ETag"] == '"2"'
    assert reply.json["name"] == "Tea"
    assert reply.json["published_at"] == (await client.get(f"/api/posts/{post.id}")).json["published_at"]


async def test_a_stale_change_is_refused_and_shows_what_is_there(browsers, cast, post):
    alice, ada = browsers().sign_in(cast.alice), browsers().sign_in(cast.ada)
    headers = {"If-Match": '"1"'}
    await ada.put(f"/api/posts/{post.id}", json={**POST, "content": "Ada's"}, headers=headers)

    reply = await alice.put(f"/api/posts/{post.id}", json={**POST, "content": "Alice's"}, headers=headers)

    assert reply.status == 412
    assert reply.json["current"]["content"] == "Ada's"
    assert reply.json["current"]["version"] == 2


@pytest.mark.parametrize("change", [{}, {"status": "draft"}, {"slug": "elsewhere", "tags": ["green", "black"]}])
async def test_a_change_that_is_sent_again_after_its_answer_was_lost_is_no_stale_one(client, cast, post, change):
    client.sign_in(cast.alice)
    headers = {"If-Match": '"1"'}
    first = await client.put(f"/api/posts/{post.id}", json=POST | change, headers=headers)

    again = await client.put(f"/api/posts/{post.id}", json=POST | change, headers=headers)

    assert (first.status, again.status) == (200, 200)
    assert again.json == first.json
    assert again.headers["ETag"] == '"2"'


async def test_of_many_changes_at_once_one_wins(client: Browser, cast, post):
    client.sign_in(cast.alice)

    replies = await asyncio.gather(
        *[
            client.put(f"/api/posts/{post.id}", json=POST | {"content": f"{number}"}, headers={"If-Match": '"1"'})
            for number in range(8)
        ]
    )

    assert sorted(reply.status for reply in replies) == [200] + [412] * 7


@pytest.mark.parametrize(("header", "status"), [(None, 428), ("1", 400), ('W/"1"', 400), ('"1"', 200), ("*", 200)])
async def test_a_change_says_what_it_was_based_on(client: Browser, cast, post, header, status):
    client.sign_in(cast.alice)

    reply = await client.put(f"/api/posts/{post.id}", json=POST, headers={"If-Match": header} if header else {})

    assert reply.status == status


async def test_author_deletes_a_post(client: Browser, cast, post):
    client.sign_in(cast.alice)

    assert (await client.delete(f"/api/posts/{post.id}", headers={"If-Match": '"7"'})).status == 412
    assert (await client.delete(f"/api/posts/{post.id}")).status == 204
    assert (await client.get(f"/api/posts/{post.id}")).status == 404
    assert (await client.get("/archive")).text.count("/archive/2") == 0


@pytest.mark.parametrize(("method", "path"), [("post", ""), ("put", "/{id}"), ("delete", "/{id}")])
@pytest.mark.parametrize(("who", "status"), [(None, 401), ("carol", 403), ("bob", 403)])
async def test_others_may_not_write(client: Browser, cast, post, method, path, who, status):
    if who:
        client.sign_in(getattr(cast, who))
    if who == "bob" and method == "post":
        return

    reply = await client.request(method, "/api/posts" + path.format(id=post.id), json=POST, headers={"If-Match": '"1"'})

    assert reply.status == status
    assert (await client.get(f"/api/posts/{post.id}")).json["version"] == 1


@pytest.mark.parametrize(
    "fields", [{"status": "draft"}, {"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}]
)
async def test_what_is_not_published_is_its_authors_alone(browsers, database, cast, write, fields):
    post = await write(cast.alice, name="Secret", **fields)
    address = f"/api/posts/{post.id}"

    assert (await browsers().get(address)).status == 404
    assert (await browsers().sign_in(cast.bob).get(address)).status == 404
    assert (await browsers().sign_in(cast.bob).delete(address)).status == 404
    assert (await browsers().sign_in(cast.alice).get(address)).json["status"] == fields["status"]
    assert (await browsers().sign_in(cast.ada).get(address)).status == 200
    assert (await browsers().get("/api/posts")).json["items"] == []
    assert (await browsers().sign_in(cast.bob).get(f"/api/posts?status={fields['status']}")).json["items"] == []
    assert len((await browsers().sign_in(cast.alice).get(f"/api/posts?status={fields['status']}")).json["items"]) == 1


async def test_a_list_goes_on_where_it_ended(client: Browser, cast, write):
    for number in range(5):
        await write(cast.alice, name=f"Number {number}", tags=["tea"])

    for address in ("/api/posts?limit=2", "/api/posts?limit=2&tag=tea"):
        names, before = [], ""
        while before is not None:
            page = (await client.get(address + (f"&before={before}" if before else ""))).json
            names += [post["name"] for post in page["items"]]
            before = page["next"]
        assert names == [f"Number {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "before=x", "before=1.g", "status=x", "what=ever"]
)
async def test_a_list_refuses_what_it_does_not_know(client: Browser, query):
    reply = await client.get(f"/api/posts?{query}")

    assert reply.status == 422
    assert list(reply.problem) == [query.partition("=")[0]]


async def test_a_scheduled_post_appears_by_itself(client: Browser, cast, database, write):
    post = await write(cast.alice, status="scheduled", published_at="2999-01-01T00:00:00Z", tags=["tea"])
    assert (await client.get(f"/post/{post.slug}")).status == 404
    async with database.connection() as db:
        for table, key in (("posts", "id"), ("post_tags", "post_id")):
            await db.run(f"UPDATE {table} SET published_at = NOW() - INTERVAL 1 SECOND WHERE {key} = %s", post.id)

    for path in (f"/post/{post.slug}", "/", "/tag/tea", "/author/Alice", "/feed.atom"):
        assert f"/post/{post.slug}" in (await client.get(path)).text
