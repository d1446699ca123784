"""GET /manage/users and POST /manage/users/{id}"""

import pytest

from inkstone.domain.users import Role
from inkstone.storage import users
from tests.conftest import Browser
from tests.web.forms import older

URL = "/manage/users"


async def role(database, user: users.User) -> Role:
    async with database.connection() as db:
        return (await users.get(db, user.id)).role


async def test_an_administrator_makes_an_author(browsers, cast, database):
    ada, carol = browsers().sign_in(cast.ada), browsers().sign_in(cast.carol)
    page = (await ada.get(URL)).text
    assert all(f"{name.lower()}@blog.test" in page for name in ("Ada", "Alice", "Bob", "Carol"))

    reply = await ada.post(f"{URL}/{cast.carol.id}", data={"role": "author"})

    assert (reply.status, reply.headers["Location"]) == (303, URL)
    assert await role(database, cast.carol) is Role.AUTHOR
    assert (await carol.get("/manage/posts/new")).status == 200


async def test_the_last_administrator_stays_one(client: Browser, cast, database):
    client.sign_in(cast.ada)

    reply = await client.post(f"{URL}/{cast.ada.id}", data={"role": "reader"})

    assert reply.status == 422
    assert "needs an administrator" in reply.text
    assert await role(database, cast.ada) is Role.ADMINISTRATOR


@pytest.mark.parametrize(("who", "get", "post"), [(None, 303, 401), ("alice", 403, 403), ("carol", 403, 403)])
async def test_others_may_not(client: Browser, cast, database, who, get, post):
    if who:
        client.sign_in(getattr(cast, who))

    assert (await client.get(URL)).status == get
    assert (await client.post(f"{URL}/{cast.carol.id}", data={"role": "administrator"})).status == post
    assert await role(database, cast.carol) is Role.READER


@pytest.mark.parametrize("form", [{"role": "root"}, {"role": ""}, {"role": "author", "x": "1"}, {"x": "1"}])
async def test_what_is_no_role_is_refused(client: Browser, cast, database, form):
    client.sign_in(cast.ada)

    assert (await client.post(f"{URL}/{cast.carol.id}", data=form)).status == 422
    assert await role(database, cast.carol) is Role.READER


@pytest.mark.parametrize("user_id", ["0" * 32, "x", "%F0%9F%8D%B5"])
async def test_who_is_missing_is_not_found(client: Browser, cast, user_id):
    client.sign_in(cast.ada)

    assert (await client.post(f"{URL}/{user_id}", data={"role": "author"})).status == 404


async def test_the_list_goes_on_where_it_ended(client: Browser, cast, database):
    async with database.transaction() as db:
        for number in range(52):
            await users.insert(db, email=None, name=f"Number {number}.", role=Role.AUTHOR, credential="")
    client.sign_in(cast.ada)

    first = (await client.get(URL)).text
    second = (await client.get(older(first) or "")).text

    assert "Number 51." in first
    assert "Number 2." in first
    assert "Number 1." in second
    assert "ada@blog.test" in second
    assert older(second) is None
    assert (await client.get(f"{URL}?before=x")).status == 422
