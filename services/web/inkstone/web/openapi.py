"""The description of the API (OpenAPI 3.1), made from the models that read and answer."""

import inspect
import re
from typing import Any

from pydantic.json_schema import models_json_schema

from inkstone.domain.media import EXTENSIONS
from inkstone.web.answers import Problem
from inkstone.web.endpoints import ENDPOINTS, Endpoint

_REF = "#/components/schemas/{model}"
_IMAGE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_INTRODUCTION = """\
Sign in with POST /api/authenticate and send the session cookie that it sets. Requests that change something say where
they come from: `Origin` (or `Sec-Fetch-Site: same-origin`) with the blog's own address. Creating requests may carry an
`Idempotency-Key`, so that the same request sent again creates nothing twice. Lists answer `next`, to be sent as
`before`.
"""


def document(site_name: str, site_url: str, cookie: str) -> dict[str, Any]:
    """The whole description, ready to be sent as JSON."""
    references, schemas = models_json_schema(_models(), ref_template=_REF)
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{site_name}: API", "version": "1", "description": _INTRODUCTION},
        "servers": [{"url": site_url}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": cookie}},
        },
    }


def _models() -> list[Any]:
    read = [(endpoint.body, "validation") for endpoint in ENDPOINTS if endpoint.body]
    answered = [(endpoint.answer, "serialization") for endpoint in ENDPOINTS if endpoint.answer]
    return [*read, *answered, (Problem, "serialization")]


def _operation(endpoint: Endpoint, references: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{endpoint.handler.__module__.rpartition('.')[2]}_{endpoint.handler.__name__}",
        "summary": (inspect.getdoc(endpoint.handler) or "").partition("\n")[0],
        "tags": [endpoint.path.split("/")[2]],
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint), *_header_parameters(endpoint)],
        "responses": _responses(endpoint, references),
    }
    if not endpoint.public:
        operation["security"] = [{"session": []}]
    if endpoint.body:
        schema = references[(endpoint.body, "validation")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if endpoint.upload:
        form = {"schema": {"type": "object", "properties": {"file": _IMAGE["schema"]}, "required": ["file"]}}
        content = {**dict.fromkeys(EXTENSIONS, _IMAGE), "multipart/form-data": form}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _path_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", endpoint.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    if endpoint.query is None:
        return []
    schema = endpoint.query.model_json_schema()
    return [
        {"name": name, "in": "query", "required": False, "schema": _inlined(details, schema.get("$defs", {}))}
        for name, details in schema["properties"].items()
    ]


def _inlined(details: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema with the enumeration it refers to written out, for it stands outside `components`."""
    reference = details.get("$ref", "").rpartition("/")[2]
    return {**definitions.get(reference, {}), **{key: value for key, value in details.items() if key != "$ref"}}


def _header_parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    headers = []
    if endpoint.creates and not endpoint.upload:
        headers.append(_header("Idempotency-Key", "Any text of your own, at most 255 characters", required=False))
    if endpoint.versioned:
        required = endpoint.method == "PUT"
        headers.append(
            _header("If-Match", 'The version the change was based on, as ETag gave it: "3"', required=required)
        )
    return headers


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def _responses(endpoint: Endpoint, references: Any) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done"}
    if endpoint.answer:
        schema = references[(endpoint.answer, "serialization")]
        done["content"] = {"application/json": {"schema": schema}}
    problem = references[(Problem, "serialization")]
    failed = {"description": "A problem", "content": {"application/problem+json": {"schema": problem}}}
    return {str(endpoint.status): done, "default": failed}
