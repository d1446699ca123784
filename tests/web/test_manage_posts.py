"""GET /manage/posts"""

import pytest

from tests.conftest import Browser
from tests.web.forms import links, older

URL = "/manage/posts"


def edited(page: str) -> list[str]:
    """The posts that can be edited from here, by id."""
    ids = [link.removeprefix(f"{URL}/") for link in links(page) if link.startswith(f"{URL}/")]
    return [post_id for post_id in ids if post_id != "new"]


async def test_everybody_sees_their_own(client: Browser, browsers, cast, write):
    first = await write(cast.alice, name="First <b>", status="draft")
    second = await write(cast.alice, name="Second", status="scheduled", published_at="2999-01-01T00:00:00Z")
    third = await write(cast.bob, name="Third")

    assert edited((await browsers().sign_in(cast.alice).get(URL)).text) == [second.id, first.id]
    assert edited((await browsers().sign_in(cast.bob).get(URL)).text) == [third.id]
    assert edited((await browsers().sign_in(cast.ada).get(URL)).text) == [third.id, second.id, first.id]


@pytest.mark.parametrize("status", ["draft", "scheduled", "published"])
async def test_one_status(client: Browser, cast, write, status):
    of_status = {}
    for each in ("draft", "scheduled", "published"):
        time = {"published_at": "2999-01-01T00:00:00Z"} if each == "scheduled" else {}
        of_status[each] = await write(cast.alice, status=each, **time)
    client.sign_in(cast.alice)

    assert edited((await client.get(f"{URL}?status={status}")).text) == [of_status[status].id]


@pytest.mark.parametrize("status", ["", "nonsense", "%00"])
async def test_any_other_status_is_all(client: Browser, cast, post, status):
    client.sign_in(cast.alice)

    assert edited((await client.get(f"{URL}?status={status}")).text) == [post.id]


async def test_it_goes_on_where_it_ended(client: Browser, cast, write):
    written = [(await write(cast.alice, status="draft")).id for _ in range(53)]
    client.sign_in(cast.alice)

    first = (await client.get(f"{URL}?status=draft")).text
    second = (await client.get(older(first) or "")).text

    assert edited(first) + edited(second) == written[::-1]
    assert older(second) is None


@pytest.mark.parametrize(("who", "status"), [(None, 303), ("carol", 403), ("alice", 200)])
async def test_who_may(client: Browser, cast, who, status):
    if who:
        client.sign_in(getattr(cast, who))

    assert (await client.get(URL)).status == status


async def test_a_cursor_that_is_none_is_refused(client: Browser, cast):
    client.sign_in(cast.alice)

    assert (await client.get(f"{URL}?before=x")).status == 422
