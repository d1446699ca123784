"""OpenTelemetry traces, sent to a collector of the test's own"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests import marks, servers
from tests.conftest import Browser, visit
from tests.servers import Blog

ID = "fedcba9876543210" * 2
pytestmark = pytest.mark.xdist_group("logging")


class Collector(ThreadingHTTPServer):
    """Takes what is sent to /v1/traces, as OpenTelemetry's own does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.taken: queue.Queue[tuple[str, ExportTraceServiceRequest]] = queue.Queue()
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def look(self) -> None:
        """Take in what has come."""
        while not self.taken.empty():
            path, sent = self.taken.get()
            assert path == "/v1/traces"
            for resource in sent.resource_spans:
                self.resources.append({each.key: each.value.string_value for each in resource.resource.attributes})
                self.spans += [span for scope in resource.scope_spans for span in scope.spans]

    async def trace(self, id: str, number: int) -> list[Span]:
        """A trace's spans, as soon as there are so many; the first is the one that began first."""
        async with asyncio.timeout(servers.PATIENCE):
            while len(found := [span for span in self.spans if span.trace_id.hex() == id]) < number:
                await asyncio.sleep(0.1)
                self.look()
        return sorted(found, key=lambda span: span.start_time_unix_nano)


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/x-protobuf"
        self.server.taken.put((self.path, ExportTraceServiceRequest.FromString(body)))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def traced(database_url: str, collector: Collector) -> Iterator[Blog]:
    application = "tests.planting:application"
    with servers.gunicorn(database_url, application, TRACES_ENDPOINT=f"{collector.url}/") as blog:
        yield blog.wait()


@pytest.fixture
async def reader(traced: Blog, database: object) -> AsyncIterator[Browser]:
    async with visit(traced) as make:
        yield make()


def attributes(span: Span) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


async def test_a_page_is_a_trace_of_its_statements_and_its_making(reader: Browser, collector: Collector, post):
    reply = await reader.get(f"/post/hello?token={marks.QUERY}")

    request, statement, making = await collector.trace(reply.headers["X-Request-ID"], 3)
    assert (request.name, request.kind, request.parent_span_id) == ("GET post", Span.SPAN_KIND_SERVER, b"")
    assert attributes(request) == {
        "http.request.method": "GET",
        "http.route": "post",
        "http.response.status_code": 200,
    }
    assert (statement.name, statement.kind) == ("posts.find", Span.SPAN_KIND_CLIENT)
    assert attributes(statement) == {"db.system.name": "mysql", "db.query.summary": "posts.find"}
    assert (making.name, making.kind) == ("posts/show.html", Span.SPAN_KIND_INTERNAL)
    for inner in (statement, making):
        assert inner.parent_span_id == request.span_id
        assert request.start_time_unix_nano <= inner.start_time_unix_nano
        assert inner.end_time_unix_nano <= request.end_time_unix_nano
    assert statement.end_time_unix_nano <= making.start_time_unix_nano
    assert collector.resources[0]["service.name"] == "inkstone"
    assert marks.found("".join(map(str, collector.spans))) == []


async def test_a_failure_is_marked_without_its_words(reader: Browser, collector: Collector):
    reply = await reader.get("/planted/words")

    request = (await collector.trace(reply.headers["X-Request-ID"], 1))[0]
    assert request.status.code == Status.STATUS_CODE_ERROR
    assert list(request.events) == []
    assert marks.found(str(request)) == []


async def test_a_visitors_own_trace_is_not_followed(reader: Browser, collector: Collector):
    reply = await reader.get("/archive", headers={"traceparent": f"00-{ID}-00f067aa0ba902b7-01"})

    request = (await collector.trace(reply.headers["X-Request-ID"], 1))[0]
    assert reply.headers["X-Request-ID"] != ID
    assert request.parent_span_id == b""


async def test_a_worker_that_ends_sends_what_is_left(database_url: str, collector: Collector):
    with servers.gunicorn(database_url, TRACES_ENDPOINT=collector.url) as blog:
        async with visit(blog.wait()) as make:
            reply = await make().get("/archive")

    assert await collector.trace(reply.headers["X-Request-ID"], 1)


async def test_nobody_notices_that_the_collector_is_away(database_url: str, database):
    with servers.gunicorn(database_url, TRACES_ENDPOINT="http://127.0.0.1:1") as blog:
        async with visit(blog.wait()) as make:
            for _ in range(20):
                assert (await make().get("/")).status == 200

    assert blog.process.returncode == 0


@pytest.mark.parametrize("on", [True, False])
async def test_nothing_is_loaded_for_traces_that_nobody_wants(database_url: str, collector: Collector, on: bool):
    settings = {"TRACES_ENDPOINT": collector.url} if on else {}
    with servers.gunicorn(database_url, "tests.planting:application", **settings) as blog:
        async with visit(blog.wait()) as make:
            await make().get("/")
            loaded = (await make().get("/planted/modules")).json

    theirs = {name.partition(".")[0] for name in loaded} & {"opentelemetry", "google", "requests"}
    assert theirs == ({"opentelemetry", "google", "requests"} if on else set())
