"""As much of a Kubernetes API server as kubectl needs to read and write objects: what it asks first, and a table."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

KINDS = {"namespaces": ("Namespace", False), "nodes": ("Node", False), "secrets": ("Secret", True)}
VERBS = ["get", "list", "create", "update", "patch"]

Object = dict[str, Any]


def discovery(path: str) -> Object | None:
    """What kubectl asks before it says anything."""
    resources = [
        {"name": name, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": VERBS}
        for name, (kind, namespaced) in KINDS.items()
    ]
    # Of the description of all kinds kubectl looks only for whether the server itself checks the fields.
    operation = {"parameters": [{"name": "fieldValidation", "in": "query"}]}
    described = {
        f"/api/v1/{name}/{{name}}": {
            "patch": operation | {"x-kubernetes-group-version-kind": {"group": "", "version": "v1", "kind": kind}}
        }
        for name, (kind, _) in KINDS.items()
    }
    answers: dict[str, Object] = {
        "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": resources},
        "/openapi/v3": {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}}},
        "/openapi/v3/api/v1": {"openapi": "3.0.0", "info": {"title": "", "version": ""}, "paths": described},
    }
    return answers.get(path)


def merge(target: Object, change: Object) -> Object:
    """A merge patch."""
    both = {key: merge(target.get(key) or {}, value) for key, value in change.items() if isinstance(value, dict)}
    return target | change | both


class Handler(BaseHTTPRequestHandler):
    objects: dict[str, Object]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        found = discovery(url.path) or self.objects.get(url.path)
        if not found and url.path.rsplit("/", 1)[-1] in KINDS:
            found = self.listed(url.path, parse_qs(url.query).get("labelSelector", [""])[0])
        self.answer(found)

    def do_POST(self) -> None:
        sent = self.sent()
        path = f"{urlsplit(self.path).path}/{sent['metadata']['name']}"
        self.objects[path] = sent
        self.answer(sent, 201)

    def do_PATCH(self) -> None:
        path = urlsplit(self.path).path
        whole = self.headers["Content-Type"] == "application/apply-patch+yaml"
        sent = self.sent()
        self.objects[path] = sent if whole else merge(self.objects[path], sent)
        self.answer(self.objects[path])

    def listed(self, path: str, selector: str) -> Object:
        label, _, value = selector.partition("=")
        everything = [found for name, found in self.objects.items() if name.startswith(f"{path}/")]
        items = [found for found in everything if not label or found["metadata"].get("labels", {}).get(label) == value]
        kind = KINDS[path.rsplit("/", 1)[-1]][0]
        return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": {}, "items": items}

    def sent(self) -> Object:
        found: Object = yaml.safe_load(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def answer(self, found: Object | None, status: int = 200) -> None:
        missing = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
        self.send_response(status if found else 404)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(found or missing).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def api_server(objects: dict[str, Object]) -> Iterator[str]:
    """Its address; what is written to it appears in `objects`."""
    handler = type("Handler", (Handler,), {"objects": objects})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
