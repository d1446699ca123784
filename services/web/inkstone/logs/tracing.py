"""Traces, by OpenTelemetry's protocol over HTTP; loaded only where somebody wants them.

A request's spans are made when it is over, from what its trail has kept: while it is under way nothing but times is
noted. A trace has the request's id, so that one word finds the answer, the lines and the trace. What a client says of
a trace of its own (traceparent) is not followed: everybody could write into everybody's.
"""

import asyncio
import os
import socket
import time
from collections.abc import Iterator

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from inkstone.logs.scrubbing import keep_secret
from inkstone.logs.trail import STATEMENT, Part, Trail

# Nobody waits for it but a process that ends.
_EXPORT_SECONDS = 5


class _RequestIds(RandomIdGenerator):
    """Trace ids that are requests' ids."""

    def __init__(self) -> None:
        self.next = 0

    def generate_trace_id(self) -> int:
        return self.next or super().generate_trace_id()  # all zeros would be no id


class Tracer:
    """Sends spans to a collector, by a thread of its own; what it can't take in time is dropped.

    The standard variables say the rest: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER,
    OTEL_EXPORTER_OTLP_HEADERS and so on.
    """

    def __init__(self, endpoint: str) -> None:
        keep_secret(_secrets())
        ours = {"service.name": "inkstone", "service.instance.id": f"{socket.gethostname()}:{os.getpid()}"}
        resource = Resource(ours).merge(OTELResourceDetector().detect())
        self._ids = _RequestIds()
        self._provider = TracerProvider(resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces", timeout=_EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("inkstone")

    def tell(self, trail: Trail, route: str, method: str, status: int, started: float, ended: float) -> None:
        """Make the spans of a request that is over; times are perf_counter's."""
        began = time.time() - time.perf_counter()  # of that clock
        self._ids.next = int(trail.id, 16)
        seen: dict[str, str | int] = {"http.request.method": method, "http.route": route}
        seen["http.response.status_code"] = status
        span = self._tracer.start_span(
            f"{method} {route}", kind=SpanKind.SERVER, start_time=_nanoseconds(began + started), attributes=seen
        )
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        context = set_span_in_context(span)
        for part in trail.parts or ():
            kind, more = _described(part)
            inner = self._tracer.start_span(
                part.name, context, kind, more, start_time=_nanoseconds(began + part.started)
            )
            inner.end(_nanoseconds(began + part.ended))
        span.end(_nanoseconds(began + ended))

    async def close(self) -> None:
        """Send what is left."""
        await asyncio.to_thread(self._provider.shutdown)


def _secrets() -> Iterator[str]:
    """What the collector wants to hear: the library would show a header that it can't read."""
    for name in ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"):
        for header in os.environ.get(name, "").split(","):
            yield from (header.strip(), header.partition("=")[2].strip())


def _described(part: Part) -> tuple[SpanKind, dict[str, str]]:
    """What stands for a statement is its name; what it was asked with is nobody's business."""
    if part.kind == STATEMENT:
        return SpanKind.CLIENT, {"db.system.name": "mysql", "db.query.summary": part.name}
    return SpanKind.INTERNAL, {"inkstone.template": part.name}


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
