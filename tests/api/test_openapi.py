"""GET /api/openapi.json and GET /api/docs"""

import re

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from inkstone.web.routes import ROUTES
from tests.conftest import Browser, Reply
from tests.samples import ADDRESSES, SAMPLES

DESCRIBING = {"GET /api/openapi.json", "GET /api/docs"}
API = [address for address in ADDRESSES if " /api/" in address and address not in DESCRIBING]


@pytest.fixture
async def document(client: Browser) -> dict[str, object]:
    return (await client.get("/api/openapi.json")).json


def operation(document, address: str):
    method, path = address.split()
    return document["paths"][path][method.lower()]


def check(document, address: str, reply: Reply) -> None:
    """An answer is as the document says: its status, its type and its body."""
    responses = operation(document, address)["responses"]
    described = responses.get(str(reply.status)) or responses["default"]
    if "content" not in described:
        assert reply.body == b""
        return
    [(content_type, content)] = described["content"].items()
    assert reply.headers["Content-Type"].partition(";")[0] == content_type
    schema = {**content["schema"], "components": document["components"]}
    format_checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(schema, format_checker=format_checker).validate(reply.json)


async def test_the_document_is_valid(document):
    OpenAPIV31SpecValidator(document).validate()


async def test_the_document_describes_every_route_and_no_other(document):
    described = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}

    assert described == set(API)


async def test_every_operation_is_described_in_words(document):
    for address in API:
        described = operation(document, address)
        assert described["summary"].endswith((".", "?")), address
        assert {part["name"] for part in described["parameters"] if part["in"] == "path"} == set(
            re.findall(r"{(\w+)}", address)
        )


async def test_every_reference_leads_somewhere(client: Browser, document):
    references = re.findall(r'"#/components/schemas/(\w+)"', (await client.get("/api/openapi.json")).text)

    assert references
    assert set(references) <= document["components"]["schemas"].keys()


async def test_the_page_shows_every_operation(client: Browser, document):
    page = (await client.get("/api/docs")).text

    for address in API:
        method, path = address.split()
        assert re.search(rf"<b>{method}</b>\s*{re.escape(path)}<", page), address
    for schema in document["components"]["schemas"]:
        assert f'id="schema-{schema}"' in page


async def test_the_document_names_the_cookie_and_the_address(document):
    assert document["components"]["securitySchemes"]["session"]["name"] == "inkstone_session"
    assert document["servers"] == [{"url": "http://blog.test"}]


@pytest.mark.parametrize("address", API)
async def test_answers_are_as_described(client: Browser, cast, scene, document, address):
    client.sign_in(cast.ada)

    reply = await scene.play(client, address)

    assert str(reply.status) in operation(document, address)["responses"]
    check(document, address, reply)


@pytest.mark.parametrize("address", API)
async def test_who_must_be_signed_in_is_as_described(client: Browser, cast, scene, document, address):
    reply = await scene.play(client, address)

    assert reply.status == (401 if "security" in operation(document, address) else SAMPLES[address].status)
    check(document, address, reply)


@pytest.mark.parametrize("address", [address for address in API if re.match("(POST|PUT) ", address)])
async def test_refusals_are_as_described(client: Browser, cast, scene, document, address):
    client.sign_in(cast.ada)
    if "requestBody" not in operation(document, address):
        return

    reply = await client.request(
        address.split()[0], SAMPLES[address].path.format(**scene.names), json={}, headers={"If-Match": '"1"'}
    )

    assert reply.status == 422
    check(document, address, reply)


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"status": "published"}])
async def test_a_stale_changes_refusal_is_as_described(client: Browser, cast, write, document, fields):
    post = await write(cast.alice, **fields)
    client.sign_in(cast.alice)
    headers = {"If-Match": '"7"'}

    reply = await client.put(f"/api/posts/{post.id}", json={"name": "Changed"}, headers=headers)

    assert reply.status == 412
    assert reply.json["current"] == (await client.get(f"/api/posts/{post.id}")).json
    check(document, "PUT /api/posts/{id}", reply)


@pytest.mark.parametrize(
    "address",
    [address for address in API if address.startswith("GET ") and "{" not in address and address != "GET /api/me"],
)
async def test_a_list_takes_what_is_described(client: Browser, cast, scene, document, address):
    client.sign_in(cast.ada)
    described = [part for part in operation(document, address)["parameters"] if part["in"] == "query"]
    values = {"limit": "3", "q": "tea", "tag": "tea", "status": "held" if "comments" in address else "draft"}

    sent = {part["name"]: values[part["name"]] for part in described if part["name"] != "before"}
    reply = await client.get(address.split()[1], params=sent)

    assert reply.status == 200, reply.text
    assert {"limit", "before"} <= {part["name"] for part in described}


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch", "options"])
async def test_an_address_that_is_not_described_is_not_found(client: Browser, method):
    reply = await client.request(method, "/api/nothing")

    assert reply.status == 404
    assert reply.problem == {}


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES if route.path.startswith("/api/")}))
async def test_a_method_that_is_not_described_is_refused(client: Browser, path):
    allowed = {address.split()[0] for address in ADDRESSES if address.split()[1] == path}

    reply = await client.request("PATCH", path.replace("{id}", "x"))

    assert reply.status == 405
    assert allowed <= set(reply.headers["Allow"].split(","))
