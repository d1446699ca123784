"""Every address that changes something: whose page may send a request there"""

import pytest

from tests.conftest import Browser, visit
from tests.samples import SAMPLES, UNSAFE
from tests.servers import SITE_URL, Blog

ELSEWHERE = {
    "another site": {"Origin": "https://evil.test"},
    "another scheme's port": {"Origin": f"{SITE_URL}:8443"},
    "a name that begins like ours": {"Origin": f"{SITE_URL}.evil.test"},
    "a page without origin": {"Origin": "null"},
    "no origin at all": {"Origin": ""},
    "no URL": {"Origin": "http://["},
    "a cross-site request": {"Sec-Fetch-Site": "cross-site"},
    "a sister site": {"Sec-Fetch-Site": "same-site"},
    "the address bar": {"Sec-Fetch-Site": "none"},
    "metadata that nobody sends": {"Sec-Fetch-Site": "same-origin, cross-site"},
}


@pytest.mark.parametrize("address", UNSAFE)
async def test_other_sites_change_nothing(browsers, cast, scene, address):
    ada = browsers().sign_in(cast.ada)
    before = await everything(ada)

    replies = {name: await scene.play(ada, address, **headers) for name, headers in ELSEWHERE.items()}

    assert {name: reply.status for name, reply in replies.items()} == dict.fromkeys(ELSEWHERE, 403)
    assert not any("Set-Cookie" in reply.headers for reply in replies.values())
    assert await everything(ada) == before


async def everything(ada: Browser) -> list[object]:
    """What requests could change."""
    paths = ("me", "posts?status=draft", "posts", "comments?status=held", "comments?status=approved", "users", "media")
    return [(await ada.get(f"/api/{path}")).json for path in paths]


@pytest.mark.parametrize("address", UNSAFE)
async def test_a_request_that_does_not_say_where_it_comes_from_is_refused(client: Browser, cast, scene, address):
    client.sign_in(cast.ada)
    del client.session.headers["Origin"]

    assert (await scene.play(client, address)).status == 403


@pytest.mark.parametrize("address", UNSAFE)
async def test_our_own_pages_may(client: Browser, cast, scene, address):
    client.sign_in(cast.ada)
    del client.session.headers["Origin"]

    assert (await scene.play(client, address, **{"Sec-Fetch-Site": "same-origin"})).status == SAMPLES[address].status


async def test_metadata_counts_more_than_the_origin(client: Browser, cast):
    headers = {"Origin": SITE_URL, "Sec-Fetch-Site": "cross-site"}

    assert (await client.post("/api/signout", headers=headers)).status == 403


async def test_reading_is_for_everybody(client: Browser, cast, scene):
    for headers in ELSEWHERE.values():
        assert (await scene.play(client, "GET /post/{slug}", **headers)).status == 200


@pytest.mark.xdist_group("accounts")  # where that server is started anyway
async def test_behind_https_the_origin_is_https(private_blog: Blog, cast):
    async with visit(private_blog) as make:
        assert (await make().post("/api/signout", headers={"Origin": "https://blog.test"})).status == 204
