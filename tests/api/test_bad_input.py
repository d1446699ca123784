"""Every API address, sent what nobody should send: each time a 4xx that says what was wrong, and never a 500"""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inkstone.web.endpoints import ENDPOINTS, Endpoint
from tests.conftest import Browser, Reply
from tests.samples import SAMPLES

POST = {"name": "Tea", "content": "Words."}
WRITING = [f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS if endpoint.body]
LISTS = [endpoint for endpoint in ENDPOINTS if endpoint.query and endpoint.method == "GET"]
BY_ID = [endpoint for endpoint in ENDPOINTS if "{id}" in endpoint.path]


def complains(reply: Reply, status: int, *fields: str) -> None:
    """It is a problem document of that status which says what is wrong, with these fields."""
    assert reply.status == status, reply.text
    assert sorted(reply.problem) == sorted(fields)
    assert reply.json["status"] == status
    assert reply.json["detail"]
    assert all(reply.problem.values())
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.fixture
async def send(client: Browser, cast, scene):
    """Send a body to an address as Ada would."""
    client.sign_in(cast.ada)

    async def send(address: str, body: bytes, content_type: str = "application/json", **headers: str) -> Reply:
        path = SAMPLES[address].path.format(**scene.names)
        sent = {"Content-Type": content_type, "If-Match": "*", **headers}
        return await client.request(address.split()[0], path, data=body, headers=sent)

    return send


NO_JSON = {
    "nothing": b"",
    "a word": b"hello",
    "cut off": b'{"name": "x',
    "a comma too many": b'{"name": "x",}',
    "two documents": b"{}{}",
    "single quotes": b"{'name': 'x'}",
    "bad UTF-8": b'{"name": "\xff\xfe"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "half an escaped surrogate pair": b'{"name": "\\ud800"}',
    "surrogates in the wrong order": b'{"name": "\\udc00\\ud800"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a bare control character": b'{"name": "a\x01b"}',
    "nested deeply": b"[" * 100_000,
    "nested deeply, and closed": b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a form": b"name=x&content=y",
}


@pytest.mark.parametrize("address", WRITING)
async def test_what_is_not_json_can_not_be_read(subtests, send, address):
    for name, body in NO_JSON.items():
        with subtests.test(name):
            complains(await send(address, body), 400)


@pytest.mark.parametrize("address", WRITING)
async def test_what_is_no_object_is_refused(subtests, send, address):
    for body in (b"[]", b"null", b'"name"', b"1", b"1e999", b"9" * 5000):
        with subtests.test(body[:20]):
            reply = await send(address, body)

            assert reply.status in {400, 422}
            complains(reply, reply.status, *([""] if reply.status == 422 else []))


@pytest.mark.parametrize("address", WRITING)
async def test_another_content_type_is_refused(subtests, send, address):
    form, upload = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
    for content_type in ("text/plain", form, upload, "nonsense", "*/*"):
        with subtests.test(content_type):
            reply = await send(address, b"{}", content_type)

            complains(reply, 400)
            assert "application/json" in reply.json["detail"]


@pytest.mark.parametrize("address", WRITING)
async def test_an_unknown_field_is_refused(send, address):
    body = {**SAMPLES[address].options["json"], "no_such_field": 1}

    complains(await send(address, json.dumps(body).encode()), 422, "no_such_field")


@pytest.mark.parametrize("address", WRITING)
async def test_a_field_of_another_type_is_refused(subtests, send, address):
    good = SAMPLES[address].options["json"]
    field = next(iter(good))
    for value in (None, 1, True, [], {}, ["x"], {"a": "b"}):
        with subtests.test(repr(value)):
            complains(await send(address, json.dumps({**good, field: value}).encode()), 422, field)


@pytest.mark.parametrize("address", [*WRITING, "POST /api/media"])
async def test_a_huge_body_is_too_large(send, address):
    reply = await send(address, gzip.compress(b" " * 7_000_000), **{"Content-Encoding": "gzip"})

    complains(reply, 413)


@pytest.mark.parametrize("address", [*WRITING, "POST /api/media"])
async def test_a_body_that_is_not_compressed_as_it_says_can_not_be_read(subtests, send, address):
    for encoding in ("gzip", "deflate"):
        with subtests.test(encoding):
            complains(await send(address, b"no compressed data at all", **{"Content-Encoding": encoding}), 400)


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"name": ""}, "name"),
        ({"name": " \n\t "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "NUL\0"}, "name"),
        ({"summary": "x" * 1001}, "summary"),
        ({"summary": "\0"}, "summary"),
        ({"content": "x" * 1_000_001}, "content"),
        ({"content": "\0"}, "content"),
        ({"status": "secret"}, "status"),
        ({"status": "scheduled"}, "published_at"),
        ({"tags": "tea"}, "tags"),
        ({"tags": [""]}, "tags.0"),
        ({"tags": ["tea", "!?"]}, "tags.1"),
        ({"tags": ["x" * 51]}, "tags.0"),
        ({"tags": [str(number) for number in range(21)]}, "tags"),
        ({"slug": "x" * 101}, "slug"),
        ({"slug": ""}, "slug"),
        ({"slug": "Upper"}, "slug"),
        ({"slug": "a/b"}, "slug"),
        ({"slug": ".."}, "slug"),
        ({"slug": "a b"}, "slug"),
        ({"slug": "a--b"}, "slug"),
        ({"slug": "nul\0"}, "slug"),
        ({"published_at": "yesterday"}, "published_at"),
        ({"published_at": "2026-01-01T00:00:00"}, "published_at"),
        ({"published_at": "2026-02-30T00:00:00Z"}, "published_at"),
        ({"published_at": "0999-12-31T23:59:59Z"}, "published_at"),
        ({"published_at": "0001-01-01T00:00:00+14:00"}, "published_at"),
        ({"published_at": "9999-12-31T23:59:59-14:00"}, "published_at"),
        ({"published_at": "10000-01-01T00:00:00Z"}, "published_at"),
        ({"published_at": 1e300}, "published_at"),
        ({"published_at": -1e18}, "published_at"),
    ],
)
async def test_a_post_that_breaks_a_rule_is_refused(send, fields, refused):
    body = json.dumps({**POST, **fields}).encode()

    complains(await send("POST /api/posts", body), 422, refused)
    complains(await send("PUT /api/posts/{id}", body), 422, refused)


async def test_everything_that_is_wrong_is_said_at_once(send):
    body = {"name": "", "summary": 1, "status": "x", "more": True}

    complains(await send("POST /api/posts", json.dumps(body).encode()), 422, "name", "summary", "status", "more")


@pytest.mark.parametrize(
    "published_at", ["1000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-01-01T00:00:00+05:30"]
)
async def test_any_time_that_can_be_stored_is_kept(send, published_at):
    body = {**POST, "status": "published", "published_at": published_at}

    reply = await send("POST /api/posts", json.dumps(body).encode())

    assert reply.status == 201
    assert reply.json["published_at"][:4] in published_at + "2025"


VERSIONS = ["1", '"0"', '"-1"', '"01"', '"1', '""', '"x"', '"1", "2"', f'"{"9" * 30}"', '"\uff11"', ""]


@pytest.mark.parametrize("address", ["PUT /api/posts/{id}", "DELETE /api/posts/{id}"])
async def test_a_version_that_is_none_is_refused(subtests, send, address):
    for version in VERSIONS:
        with subtests.test(version):
            complains(await send(address, json.dumps(POST).encode(), **{"If-Match": version}), 400)


@pytest.mark.parametrize("address", ["POST /api/posts", "POST /api/posts/{id}/comments", "POST /api/users"])
async def test_a_key_that_is_none_is_refused(subtests, send, address):
    body = json.dumps(SAMPLES[address].options["json"]).encode()
    for key in ("", "x" * 256, "ключ", "\udcff", "tab\there"):
        with subtests.test(ascii(key[:9])):
            complains(await send(address, body, **{"Idempotency-Key": key}), 400)


IDS = [
    "x",
    "0" * 32,
    "0" * 31 + "G",
    "0" * 5000,
    "茶",
    "🍵",
    "%00",
    "%ff",
    "%ed%a0%80",
    "%zz",
    "%",
    "..%2f..",
    "%27%20or%201=1",
]


@pytest.mark.parametrize("endpoint", BY_ID, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
async def test_what_does_not_exist_is_not_found(subtests, client: Browser, cast, endpoint: Endpoint):
    client.sign_in(cast.ada)
    options = SAMPLES[f"{endpoint.method} {endpoint.path}"].options
    for identity in IDS:
        with subtests.test(identity[:12]):
            complains(await client.request(endpoint.method, endpoint.path.replace("{id}", identity), **options), 404)


ARGUMENTS = {
    "limit=-1": "limit",
    "limit=1e3": "limit",
    "limit=" + "9" * 5000: "limit",
    "limit=%00": "limit",
    "limit=": "limit",
    "before=%00": "before",
    "before=" + "9" * 101: "before",
    "nothing=1": "nothing",
    "%ff=1": "\ufffd",
}


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda endpoint: endpoint.path)
async def test_a_list_refuses_what_it_does_not_know(subtests, client: Browser, cast, scene, endpoint: Endpoint):
    client.sign_in(cast.ada)
    for query, field in ARGUMENTS.items():
        with subtests.test(query[:20]):
            complains(await client.get(f"{endpoint.path.format(id=scene.names['post'])}?{query}"), 422, field)


CURSORS = [
    "0" * 32,
    "g" * 32,
    "0." + "0" * 32,
    "-9.0",
    "9" * 18 + "." + "f" * 32,
    "1e5",
    "茶",
    "🍵",
    "%ff",
    "' or 1=1",
    "0",
]


@pytest.mark.parametrize("endpoint", LISTS, ids=lambda endpoint: endpoint.path)
async def test_any_cursor_is_used_or_refused(subtests, client: Browser, cast, scene, endpoint: Endpoint):
    client.sign_in(cast.ada)
    for before in CURSORS:
        with subtests.test(before):
            reply = await client.get(endpoint.path.format(id=scene.names["post"]), params={"before": before})

            assert reply.status in {200, 422}, reply.text
            if reply.status == 422:
                complains(reply, 422, "before")


UNUSUAL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=200)
HYPOTHESIS = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
}


@settings(max_examples=100, **HYPOTHESIS)
@given(text=UNUSUAL)
async def test_every_character_is_kept(client: Browser, cast, text):
    client.sign_in(cast.alice)
    name = text.strip() or "x"

    reply = await client.post(
        "/api/posts", json={"name": f"_{name}"[:200], "summary": text, "content": text, "status": "published"}
    )

    assert reply.status == 201, reply.text
    post = (await client.get(reply.headers["Location"])).json
    assert (post["name"], post["summary"], post["content"]) == (f"_{name}"[:200].strip(), text, text)
    assert (await client.get(f"/post/{post['slug']}")).status == 200


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "é e\u0301",
        "\u202eabc\u202c",
        "a\u2028b\u2029c",
        "\U0010ffff",
        "\ufffe\uffff",
        "𠮷野家",
        "\x01\x1f\x7f\x85",
        "\ufeffx",
    ],
)
async def test_unusual_characters_are_kept(client: Browser, cast, text):
    client.sign_in(cast.alice)

    reply = await client.post("/api/posts", json={**POST, "summary": text, "content": text, "tags": ["t" + text]})

    assert reply.status in {201, 422}, reply.text
    if reply.status == 422:
        assert list(reply.problem) == ["tags.0"]
        reply = await client.post("/api/posts", json={**POST, "summary": text, "content": text})
    post = (await client.get(reply.headers["Location"])).json
    assert (post["summary"], post["content"]) == (text, text)


# Whatever JSON can say, and most of all with the names and the values that are known.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=[]), max_size=40)
    | st.sampled_from(
        ["draft", "scheduled", "published", "approved", "author", "2026-01-01T00:00:00Z", "tea", "\0", "..", "\uff19"]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def bodies(endpoint: Endpoint) -> st.SearchStrategy[object]:
    fields = st.sampled_from(sorted(endpoint.body.model_fields)) if endpoint.body else st.text()
    return VALUES | st.dictionaries(fields, VALUES, max_size=6)


WRITING_ENDPOINTS = [endpoint for endpoint in ENDPOINTS if endpoint.body]


@settings(max_examples=150, **HYPOTHESIS)
@given(
    request=st.sampled_from(WRITING_ENDPOINTS).flatmap(lambda endpoint: st.tuples(st.just(endpoint), bodies(endpoint))),
    version=st.sampled_from(["*", '"1"', '"99"', "x"]),
    ascii=st.booleans(),
)
async def test_no_json_makes_the_server_fail(send, request, version, ascii):
    endpoint, body = request

    document = json.dumps(body, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    reply = await send(f"{endpoint.method} {endpoint.path}", document, **{"If-Match": version})

    assert reply.status < 500, reply.text
    if reply.status >= 400:
        complains(reply, reply.status, *reply.problem)


@settings(max_examples=100, **HYPOTHESIS)
@given(
    endpoint=st.sampled_from(LISTS),
    arguments=st.dictionaries(
        st.sampled_from(["limit", "before", "q", "tag", "status", "name"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=120),
        max_size=4,
    ),
)
async def test_no_arguments_make_the_server_fail(client: Browser, cast, scene, endpoint, arguments):
    client.sign_in(cast.ada)

    reply = await client.get(endpoint.path.format(id=scene.names["post"]), params=arguments)

    assert reply.status < 500, reply.text
    if reply.status >= 400:
        complains(reply, reply.status, *reply.problem)
