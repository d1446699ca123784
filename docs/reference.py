"""The API's description (OpenAPI) as Markdown: every operation, what it takes and answers, and every model."""

import itertools
import json
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from inkstone.web import openapi
from inkstone.web.middlewares import STATUS

Schema = dict[str, Any]

HEAD = """\
# The API, in full

Written by `make docs` from the description that every blog has at `/api/openapi.json`, which is made from the models
that check what is sent. Examples are in [api.md](api.md).
"""
# What aiohttp says, and nginx.
OTHERS = [
    (405, "The address doesn't take this method; `Allow` names those that it does."),
    (413, "The body is too large: a request has at most 6 MiB."),
]
LIMITS = {
    "minLength": "length ≥ {}",
    "maxLength": "length ≤ {}",
    "minItems": "items ≥ {}",
    "maxItems": "items ≤ {}",
    "minimum": "≥ {}",
    "maximum": "≤ {}",
}


def lines() -> Iterator[str]:
    """The document, line by line."""
    document = openapi.document("Inkstone", "http://localhost:8080", "inkstone_session")
    yield HEAD
    yield document["info"]["description"]
    group = ""
    for path, methods in sorted(document["paths"].items(), key=lambda item: item[0].split("/")[2]):
        for method, operation in methods.items():
            if operation["tags"][0] != group:
                group = operation["tags"][0]
                yield f"## {group.capitalize()}\n"
            yield from _operation(method, path, operation)
    yield from _errors()
    yield "## Models\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _model(name, schema)


def _operation(method: str, path: str, operation: Schema) -> Iterator[str]:
    yield f"### `{method.upper()} {path}`\n"
    yield operation["summary"] + (" For those who are signed in." if "security" in operation else "") + "\n"
    if operation["parameters"]:
        yield "| parameter | in | type | |"
        yield "| --- | --- | --- | --- |"
        for parameter in operation["parameters"]:
            yield _row(
                f"`{parameter['name']}`",
                parameter["in"],
                _type(parameter["schema"]),
                _joined("required" if parameter["required"] else "", parameter.get("description", "")),
            )
        yield ""
    if "requestBody" in operation:
        yield f"Body: {_content(operation['requestBody'])}.\n"
    for status, answer in operation["responses"].items():
        if status != "default":
            content = f", with {_content(answer)}" if "content" in answer else ", without a body"
            yield f"Answers `{status}`{content}.\n"


def _content(message: Schema) -> str:
    return ", or ".join(
        f"`{kind}`" + (f": {_type(body['schema'])}" if "$ref" in body["schema"] else "")
        for kind, body in message["content"].items()
    )


def _errors() -> Iterator[str]:
    """What every operation may answer instead."""
    yield "## Errors\n"
    yield "Each is a [Problem](#problem), as `application/problem+json`.\n"
    yield "| status | when |"
    yield "| --- | --- |"
    told = [(status, (error.__doc__ or "").partition("\n")[0]) for error, status in STATUS.items()]
    for status, why in itertools.groupby(sorted(told + OTHERS, key=itemgetter(0)), key=itemgetter(0)):
        yield _row(f"`{status}`", " Or: ".join(text for _, text in why))
    yield ""


def _model(name: str, schema: Schema) -> Iterator[str]:
    yield f"### {_title(name)}\n"
    if "description" in schema:
        yield " ".join(schema["description"].split()) + "\n"
    if "properties" not in schema:
        yield f"{_type(schema)}\n"
        return
    yield "| field | type | |"
    yield "| --- | --- | --- |"
    for field, part in schema["properties"].items():
        required = "required" if field in schema.get("required", []) else ""
        yield _row(f"`{field}`", _type(part), _joined(required, part.get("description", "")))
    yield ""


def _type(schema: Schema) -> str:
    limits = _limits(schema)
    return _kind(schema) + (f" ({limits})" if limits else "")


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        name = _title(schema["$ref"].rpartition("/")[2])
        return f"[{name}](#{name.lower().replace(' ', '-')})"
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    return " ".join(filter(None, [schema.get("type", "anything"), schema.get("format", "")]))


def _limits(schema: Schema) -> str:
    found = [text.format(schema[key]) for key, text in LIMITS.items() if schema.get(key) is not None]
    if schema.get("default") is not None:
        found.append(f"default `{json.dumps(schema['default'])}`")
    return ", ".join(found)


def _title(name: str) -> str:
    """A model's name for people: `Page_PostAnswer_` is what Pydantic makes of Page[PostAnswer]."""
    return f"Page of {name.split('_')[1]}" if name.startswith("Page_") else name


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
