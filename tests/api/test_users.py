"""/api/users and /api/users/{id}"""

import asyncio

import pytest

from inkstone.domain.users import Role
from inkstone.storage import users
from tests.conftest import PASSWORD, Browser, visit
from tests.servers import Blog

DORA = {"email": "dora@blog.test", "name": "Dora", "password": "a password of hers"}

pytestmark = pytest.mark.xdist_group("accounts")  # so that the other servers are started once


async def test_somebody_registers_as_a_reader(client: Browser):
    reply = await client.post("/api/users", json=DORA)

    assert reply.status == 201
    assert reply.headers["Location"] == f"/api/users/{reply.json['id']}"
    assert (reply.json["name"], reply.json["email"], reply.json["role"]) == ("Dora", "dora@blog.test", "reader")
    signed_in = await client.post("/api/authenticate", json={key: DORA[key] for key in ("email", "password")})
    assert signed_in.json == reply.json


@pytest.mark.parametrize("name", ["O’Brien", "茶道 🍵", "Ægir Þór", "<b>Bold", "名" * 50])
async def test_names_may_have_any_characters(client: Browser, name):
    reply = await client.post("/api/users", json={**DORA, "name": name})

    assert reply.status == 201
    assert reply.json["name"] == name


@pytest.mark.parametrize("email", ["alice@blog.test", "ALICE@BLOG.TEST", " alice@blog.test "])
async def test_an_email_has_one_account(client: Browser, cast, email):
    reply = await client.post("/api/users", json={**DORA, "email": email})

    assert reply.status == 422
    assert reply.problem == {"email": "There is already an account with this e-mail."}


@pytest.mark.parametrize("name", ["Alice", "ALICE", "Álice", "\uff21lice", " alice "])
async def test_nobody_poses_as_somebody_else(client: Browser, cast, name):
    reply = await client.post("/api/users", json={**DORA, "name": name})

    assert reply.status == 422
    assert reply.problem == {"name": "This name is taken."}


async def test_of_many_who_want_one_name_at_once_one_gets_it(client: Browser):
    wishes = [{**DORA, "email": f"dora{number}@blog.test"} for number in range(6)]

    replies = await asyncio.gather(*[client.post("/api/users", json=wish) for wish in wishes])

    assert sorted(reply.status for reply in replies) == [201] + [422] * 5


async def test_the_same_key_registers_once(client: Browser):
    headers = {"Idempotency-Key": "one"}

    replies = [await client.post("/api/users", json=DORA, headers=headers) for _ in range(2)]

    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json == replies[1].json


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "dora@"),
        ("email", "dora@blog.test\n<script>"),
        ("email", "d" * 250 + "@b.test"),
        ("email", "döra@blog.test"),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 51),
        ("name", "two\nlines"),
        ("name", "a/b"),
        ("name", ".."),
        ("name", "\u202eevil"),
        ("password", "too short"),
        ("password", "x" * 201),
        ("role", "administrator"),
    ],
)
async def test_what_makes_no_account_is_refused(client: Browser, field, value):
    reply = await client.post("/api/users", json={**DORA, field: value})

    assert reply.status == 422
    assert list(reply.problem) == [field]


async def test_nobody_registers_where_registration_is_closed(private_blog: Blog, cast):
    async with visit(private_blog) as make:
        reply = await make().post("/api/users", json=DORA, headers={"Sec-Fetch-Site": "same-origin"})

    assert reply.status == 403
    assert reply.json["detail"] == "Registration is closed on this blog."


@pytest.mark.parametrize(
    "address", ["GET /api/users", "GET /api/users/{id}", "PUT /api/users/{id}", "DELETE /api/users/{id}"]
)
@pytest.mark.parametrize(("who", "status"), [(None, 401), ("carol", 403), ("alice", 403)])
async def test_users_are_for_administrators(client: Browser, cast, address, who, status):
    method, path = address.split()
    if who:
        client.sign_in(getattr(cast, who))

    reply = await client.request(method, path.format(id=cast.carol.id), json={"role": "author"})

    assert reply.status == status
    assert b"blog.test" not in reply.body


async def test_administrators_see_everybody_newest_first(client: Browser, cast):
    client.sign_in(cast.ada)

    names, before = [], ""
    while before is not None:
        page = (await client.get("/api/users?limit=3" + (f"&before={before}" if before else ""))).json
        names += [user["name"] for user in page["items"]]
        before = page["next"]

    assert names == ["Carol", "Bob", "Alice", "Ada"]


@pytest.mark.parametrize("role", ["author", "administrator"])
async def test_a_role_counts_from_the_next_request_on(browsers, database, cast, role):
    ada, carol = browsers().sign_in(cast.ada), browsers().sign_in(cast.carol)
    assert (await carol.post("/api/posts", json={"name": "Mine"})).status == 403

    reply = await ada.put(f"/api/users/{cast.carol.id}", json={"role": role})

    assert reply.status == 200
    assert reply.json["role"] == role
    assert (await carol.post("/api/posts", json={"name": "Mine"})).status == 201
    assert (await carol.get("/api/users")).status == (200 if role == "administrator" else 403)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_the_last_administrator_stays(client: Browser, cast, method):
    client.sign_in(cast.ada)

    reply = await client.request(method, f"/api/users/{cast.ada.id}", json={"role": "reader"})

    assert reply.status == 422
    assert "only one" in reply.json["detail"]
    assert (await client.get("/api/me")).json["role"] == "administrator"


async def test_of_two_administrators_who_remove_each_other_one_stays(browsers, database, cast):
    async with database.transaction() as db:
        await users.update_role(db, cast.bob.id, Role.ADMINISTRATOR)
    ada, bob = browsers().sign_in(cast.ada), browsers().sign_in(cast.bob)

    await asyncio.gather(
        ada.put(f"/api/users/{cast.bob.id}", json={"role": "reader"}),
        bob.put(f"/api/users/{cast.ada.id}", json={"role": "reader"}),
        ada.delete(f"/api/users/{cast.bob.id}"),
        bob.delete(f"/api/users/{cast.ada.id}"),
    )

    async with database.connection() as db:
        assert await users.has_administrator(db)


async def test_a_deleted_user_is_signed_out_and_the_comments_stay(browsers, database, cast, post):
    ada, carol = browsers().sign_in(cast.ada), browsers().sign_in(cast.carol)
    comment = (await carol.post(f"/api/posts/{post.id}/comments", json={"content": "Nice."})).json
    await ada.put(f"/api/comments/{comment['id']}", json={"status": "approved"})

    reply = await ada.delete(f"/api/users/{cast.carol.id}")

    assert reply.status == 204
    assert (await carol.get("/api/me")).status == 401
    assert (await ada.get(f"/api/users/{cast.carol.id}")).status == 404
    [left] = (await ada.get(f"/api/posts/{post.id}/comments")).json["items"]
    assert left["content"] == "Nice."
    assert left["author"]["name"] == ""
    assert (await carol.get(f"/post/{post.slug}")).status == 200


async def test_a_deleted_users_email_and_name_are_free_again(client: Browser, cast):
    client.sign_in(cast.ada)
    await client.delete(f"/api/users/{cast.carol.id}")

    reply = await client.post("/api/users", json={"email": "carol@blog.test", "name": "Carol", "password": PASSWORD})

    assert reply.status == 201
    assert reply.json["id"] != cast.carol.id


async def test_who_has_written_posts_stays(client: Browser, cast, post):
    client.sign_in(cast.ada)

    reply = await client.delete(f"/api/users/{cast.alice.id}")

    assert reply.status == 422
    assert "has written posts" in reply.json["detail"]
    assert (await client.get(f"/api/posts/{post.id}")).json["author"]["name"] == "Alice"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_who_does_not_exist_is_not_found(client: Browser, cast, method):
    client.sign_in(cast.ada)

    reply = await client.request(method, f"/api/users/{'0' * 32}", json={"role": "author"})

    assert reply.status == 404


async def test_a_role_that_does_not_exist_is_refused(client: Browser, cast):
    client.sign_in(cast.ada)

    reply = await client.put(f"/api/users/{cast.carol.id}", json={"role": "king"})

    assert reply.status == 422
    assert list(reply.problem) == ["role"]
