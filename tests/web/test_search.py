"""GET /search"""

import pytest

from tests.conftest import Browser
from tests.web.forms import fields, posts
from tests.web.test_home import HIDDEN, walk


async def test_without_a_question_there_is_no_answer(client: Browser, post):
    page = (await client.get("/search")).text

    assert posts(page) == []
    assert "Nothing found" not in page


@pytest.mark.parametrize("query", ["green", "茶叶", "brew_tea", "GREEN leaves"])
async def test_words_are_found_and_marked(client: Browser, cast, write, query):
    await write(cast.alice, name="On tea", content="Green leaves, 好茶叶 and `brew_tea()`.")
    await write(cast.alice, name="Other", content="Coffee.")

    page = (await client.get("/search", params={"q": query})).text

    assert posts(page) == ["/post/on-tea"]
    assert "<mark>" in page
    assert fields(page)["q"] == query


async def test_hits_are_paged_through(client: Browser, cast, write):
    for number in range(13):
        await write(cast.alice, name=f"Number {number}", content="All about tea.")

    pages = await walk(client, "/search?q=tea")

    assert [len(page) for page in pages] == [10, 3]
    assert len({post for page in pages for post in page}) == 13


@pytest.mark.parametrize(
    "query",
    ["nothing", '+-><()~*"@', "'; DROP TABLE posts", "<script>alert(1)</script>", "\0", "%", "的", "x" * 5000, "🍵"],
)
async def test_any_question_has_an_answer(client: Browser, post, query):
    reply = await client.get("/search", params={"q": query})

    assert reply.status == 200
    assert "<script>alert" not in reply.text


@pytest.mark.parametrize("hidden", HIDDEN)
async def test_what_is_not_published_is_not_found(client: Browser, cast, write, hidden):
    await write(cast.alice, **hidden)
    client.sign_in(cast.alice)

    assert posts((await client.get("/search?q=hello")).text) == []


async def test_a_cursor_that_is_none_is_refused(client: Browser, post):
    assert (await client.get("/search?q=hello&before=x")).status == 422
