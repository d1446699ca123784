"""GET /manage/comments and POST /manage/comments/{id}"""

import pytest

from inkstone.domain.comments import CommentStatus
from inkstone.domain.errors import NotFound
from inkstone.storage import comments
from tests.conftest import Browser
from tests.web.forms import older

URL = "/manage/comments"


@pytest.fixture
async def held(database, cast, post) -> comments.Comment:
    """Carol's comment below Alice's post."""
    async with database.transaction() as db:
        return await comments.insert(db, post, cast.carol, "Nice.", "<p>Nice.</p>")


async def status(database, comment: comments.Comment) -> CommentStatus:
    async with database.connection() as db:
        return (await comments.get(db, comment.id)).status


@pytest.mark.parametrize("who", ["alice", "ada"])
async def test_a_held_comment_is_approved(client: Browser, browsers, cast, held, who):
    moderator = browsers().sign_in(getattr(cast, who))
    assert "Nice." in (await moderator.get(URL)).text

    reply = await moderator.post(f"{URL}/{held.id}", data={"action": "approved"})

    assert (reply.status, reply.headers["Location"]) == (303, f"{URL}?status=held")
    assert "Nice." not in (await moderator.get(URL)).text
    assert "Nice." in (await moderator.get(f"{URL}?status=approved")).text
    assert "Nice." in (await client.get("/post/hello")).text


@pytest.mark.parametrize("action", ["spam", "held", "approved"])
async def test_each_status(client: Browser, cast, held, database, action):
    client.sign_in(cast.alice)

    assert (await client.post(f"{URL}/{held.id}", data={"action": action})).status == 303

    assert await status(database, held) == action


async def test_a_comment_is_deleted(client: Browser, cast, held, database):
    client.sign_in(cast.alice)

    assert (await client.post(f"{URL}/{held.id}", data={"action": "delete"})).status == 303

    with pytest.raises(NotFound):
        await status(database, held)


@pytest.mark.parametrize(("who", "code"), [(None, 401), ("bob", 403), ("carol", 403)])
@pytest.mark.parametrize("action", ["approved", "delete"])
async def test_others_may_not(client: Browser, cast, held, database, who, code, action):
    if who:
        client.sign_in(getattr(cast, who))
    if (who, action) == ("carol", "delete"):
        code = 303  # it's hers

    reply = await client.post(f"{URL}/{held.id}", data={"action": action})

    assert reply.status == code
    if code != 303:
        assert await status(database, held) is CommentStatus.HELD


@pytest.mark.parametrize(("who", "sees"), [("alice", True), ("ada", True), ("bob", False)])
async def test_authors_see_what_stands_below_their_own(client: Browser, cast, held, who, sees):
    client.sign_in(getattr(cast, who))

    assert ("Nice." in (await client.get(URL)).text) is sees


@pytest.mark.parametrize(("who", "code"), [(None, 303), ("carol", 403)])
async def test_who_may_not_look(client: Browser, cast, who, code):
    if who:
        client.sign_in(getattr(cast, who))

    assert (await client.get(URL)).status == code


@pytest.mark.parametrize("action", ["", "gone"])
async def test_an_action_that_is_none(client: Browser, cast, held, database, action):
    client.sign_in(cast.alice)

    assert (await client.post(f"{URL}/{held.id}", data={"action": action})).status == 422
    assert (await client.post(f"{URL}/{held.id}", data={})).status in {400, 422}
    assert await status(database, held) is CommentStatus.HELD


@pytest.mark.parametrize("comment_id", ["0" * 32, "x", "%F0%9F%8D%B5"])
@pytest.mark.parametrize("action", ["approved", "delete"])
async def test_what_is_missing_is_not_found(client: Browser, cast, comment_id, action):
    client.sign_in(cast.ada)

    assert (await client.post(f"{URL}/{comment_id}", data={"action": action})).status == 404


async def test_the_list_goes_on_where_it_ended(client: Browser, cast, post, database):
    async with database.transaction() as db:
        for number in range(52):
            await comments.insert(db, post, cast.carol, "x", f"<p>Number {number}.</p>")
    client.sign_in(cast.alice)

    first = (await client.get(URL)).text
    second = (await client.get(older(first) or "")).text

    assert [number for number in range(52) if f"Number {number}." in first] == list(range(2, 52))
    assert [number for number in range(52) if f"Number {number}." in second] == [0, 1]
    assert older(second) is None


@pytest.mark.parametrize("query", ["status=x", "before=x"])
async def test_what_is_not_known_is_refused(client: Browser, cast, query):
    client.sign_in(cast.alice)

    assert (await client.get(f"{URL}?{query}")).status == 422
