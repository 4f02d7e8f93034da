"""Tracing with OpenTelemetry, by its standard variables. Without them nothing of its SDK is imported.

Spans have no parameters of statements, no query strings and no names: who sees a trace sees nothing of the register.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import Misconfigured
from service.processes.measured_http import path_of

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
HTTP: Final = "http/protobuf"
INCOMING: Final = TraceContextTextMapPropagator()

_tracer = trace.get_tracer("mandate")


def is_on(variables: Mapping[str, str]) -> bool:
    """Whether traces are exported. Raises Misconfigured."""
    if variables.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = variables.get("OTEL_TRACES_EXPORTER") or ("otlp" if any(map(variables.get, ENDPOINTS)) else "none")
    if exporter not in ("otlp", "none"):
        raise Misconfigured(f"OTEL_TRACES_EXPORTER: {exporter} is not supported, only otlp and none")
    protocol = next(filter(None, map(variables.get, PROTOCOLS)), HTTP)
    if exporter == "otlp" and protocol != HTTP:
        raise Misconfigured(f"OTEL_EXPORTER_OTLP_PROTOCOL: {protocol} is not supported, only {HTTP}")
    for name in ENDPOINTS if exporter == "otlp" else ():
        address = urlsplit(variables.get(name) or "http://localhost:4318")
        if address.scheme not in ("http", "https") or not address.hostname:
            raise Misconfigured(f"{name}: '{variables[name]}' is no address, as 'http://collector:4318'")
    return exporter == "otlp"


@contextmanager
def tracing(process: str) -> Iterator[None]:
    """Exports the spans of this process while the context is open. process: 'api' or 'worker'. Raises Misconfigured."""
    if not is_on(os.environ):
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise Misconfigured("OTEL_*: to export traces, install mandate[tracing]") from None
    resource = Resource.create().merge(Resource({SERVICE_NAME: f"mandate-{process}"}))
    provider = TracerProvider(resource=resource.merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


class TracedHttp:
    """An ASGI application with a span for each HTTP request, in the trace that `traceparent` names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method = scope["method"]
        with _tracer.start_as_current_span(
            method,
            INCOMING.extract(headers),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": method},
        ) as span:

            async def traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route, status = path_of(scope), message["status"]
                    span.update_name(f"{method} {route}")
                    span.set_attributes({"http.route": route, "http.response.status_code": status})
                    if status >= 500:
                        span.set_status(trace.StatusCode.ERROR)
                await send(message)

            await self._app(scope, receive, traced)
