"""GET /api/search"""

import html
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Browser

POSTS = {
    "Green tea": "The *quick* brown fox drinks from the `tea_pot.pour()` of `HttpServletRequest`.",
    "蚂蚁金服的支付": "支付宝的分布式数据库很快，跨IDC部署。",
    "C++ and Rust": "Ownership in Rust, std::vector in C++, and a café.",
    "Weather": "The sun shines; tea is mentioned once.",
}


@pytest.fixture
async def reader(client: Browser, cast, write) -> Browser:
    for name, content in POSTS.items():
        await write(cast.alice, name=name, content=content, tags=["每周" if name.startswith("蚂") else "weekly"])
    return client


async def found(browser: Browser, query: str) -> list[str]:
    reply = await browser.get("/api/search", params={"q": query})
    assert reply.status == 200, reply.text
    return [hit["name"] for hit in reply.json["items"]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("fox", ["Green tea"]),
        ("FOX quick", ["Green tea"]),
        ("fox rust", []),
        ('"quick brown"', ["Green tea"]),
        ('"brown quick"', []),
        ("cafe", ["C++ and Rust"]),
        ("c++", ["C++ and Rust"]),
        ("支付宝", ["蚂蚁金服的支付"]),
        ("数据库", ["蚂蚁金服的支付"]),
        ("数据跨", []),
        ("快", ["蚂蚁金服的支付"]),
        ("跨IDC", ["蚂蚁金服的支付"]),
        ("tea_pot", ["Green tea"]),
        ("tea_pot.pour()", ["Green tea"]),
        ("HttpServletRequest", ["Green tea"]),
        ("servlet", ["Green tea"]),
        ("std::vector", ["C++ and Rust"]),
        ("每周", ["蚂蚁金服的支付"]),
        ("nothing-like-it", []),
        ("", []),
        ("+-*()~<>@\"'", []),
    ],
)
async def test_words_chinese_and_code_are_found(reader: Browser, query, names):
    assert await found(reader, query) == names


async def test_what_has_it_in_the_name_comes_first(reader: Browser):
    assert await found(reader, "tea") == ["Green tea", "Weather"]


async def test_a_hit_says_where_it_is_and_shows_the_match(reader: Browser):
    [hit] = (await reader.get("/api/search?q=fox")).json["items"]

    assert hit["slug"] == "green-tea"
    assert hit["name"] == "Green tea"
    assert "<mark>fox</mark>" in hit["snippet"]
    assert (await reader.get(f"/api/posts/{hit['id']}")).json["published_at"] == hit["published_at"]


async def test_a_snippet_is_safe_html(client: Browser, cast, write):
    await write(cast.alice, name="<i>Evil</i>", content="`<script>alert(1)</script>` & \\<b> `fox` <img src=x>")

    [hit] = (await client.get("/api/search?q=fox")).json["items"]

    assert set(re.findall(r"<[^>]*>", hit["snippet"])) == {"<mark>", "</mark>"}
    assert "&lt;script&gt;" in hit["snippet"]
    assert "<script>" in html.unescape(hit["snippet"])


@pytest.mark.parametrize(
    "fields", [{"status": "draft"}, {"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}]
)
async def test_only_what_is_published_is_found(browsers, cast, database, write, fields):
    await write(cast.alice, name="Secret fox", **fields)

    for browser in (browsers(), browsers().sign_in(cast.alice)):
        assert await found(browser, "fox") == []


async def test_search_follows_changes(reader: Browser, cast):
    reader.sign_in(cast.alice)
    [hit] = (await reader.get("/api/search?q=fox")).json["items"]
    address, every = f"/api/posts/{hit['id']}", {"If-Match": "*"}

    await reader.put(address, json={"name": "Cat", "content": "badger", "status": "published"}, headers=every)
    assert await found(reader, "fox") == []
    assert await found(reader, "badger") == ["Cat"]

    await reader.delete(address)
    assert await found(reader, "badger") == []


async def test_a_draft_is_found_by_what_it_was_when_it_was_published(client: Browser, cast):
    client.sign_in(cast.alice)
    fields = {"name": "Tea", "content": "oolong"}
    address = f"/api/posts/{(await client.post('/api/posts', json=fields)).json['id']}"

    for version, content, status in [(1, "puerh", "draft"), (2, "sencha", "published"), (3, "matcha", "draft")]:
        change = {**fields, "content": content, "status": status}
        assert (await client.put(address, json=change, headers={"If-Match": f'"{version}"'})).status == 200
        names = ["Tea"] if status == "published" else []
        assert [await found(client, word) for word in ("oolong", "puerh", content)] == [[], [], names]
    change = {**fields, "content": "genmaicha", "status": "published"}
    assert (await client.put(address, json=change, headers={"If-Match": '"4"'})).status == 200

    assert [await found(client, word) for word in ("sencha", "matcha", "genmaicha")] == [[], [], ["Tea"]]


async def test_hits_go_on_where_they_ended(client: Browser, cast, write):
    for number in range(5):
        await write(cast.alice, name=f"Number {number}", content="fox " * (number % 3 + 1))

    names, before = [], ""
    while before is not None:
        page = (await client.get("/api/search?q=fox&limit=2" + (f"&before={before}" if before else ""))).json
        assert len(page["items"]) <= 2
        names += [hit["name"] for hit in page["items"]]
        before = page["next"]

    assert sorted(names) == [f"Number {number}" for number in range(5)]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "before=x", "before=1.2", "what=ever", "q=%00"])
async def test_search_refuses_what_it_does_not_know(client: Browser, query):
    reply = await client.get(f"/api/search?q=fox&{query}" if not query.startswith("q=") else f"/api/search?{query}")

    assert reply.status == 422
    assert list(reply.problem) == [query.partition("=")[0]]


# The operators of boolean mode, quotes and escapes of SQL, and characters that fold to several or to none.
TROUBLE = st.text(st.sampled_from("+-*~()<>@\"'`\\%_;#, aå茶ßﷺ\u0301\u200b🍵ก한İ。")) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(query=TROUBLE)
async def test_any_input_gives_hits_or_none(reader: Browser, query):
    answer = await reader.get("/api/search", params={"q": query})
    page = await reader.get("/search", params={"q": query})

    assert (answer.status, page.status) == (200, 200)
    for hit in answer.json["items"]:
        assert set(re.findall(r"<[^>]*>", hit["snippet"])) <= {"<mark>", "</mark>"}
