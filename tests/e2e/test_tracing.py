"""The processes export spans to a real OTLP receiver, in the client's trace, and nothing that a request contains."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from service.errors import Misconfigured
from service.processes.tracing import is_on
from tests.e2e.serving import serve
from tests.waiting import until

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
REGISTER = """mutation { registerAuthority(input: { code: "desk", name: "Sekrit" }) {
    ... on AuthorityRecorded { events { correlationId } } } }"""


class Receiver:
    """What arrived: service name, span."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[tuple[str, Span]] = []

    def of_trace(self) -> dict[str, Span]:
        return {span.name: span for _, span in self.spans if span.trace_id.hex() == TRACE}


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                [name] = [
                    each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
                ]
                found.spans += [(name, span) for scope in resource.scope_spans for span in scope.spans]
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Receiver(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


def exported_to(found: Receiver) -> dict[str, str]:
    return {ENDPOINT: found.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}


def attributes(span: Span) -> dict[str, object]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def test_a_command_is_traced_from_the_request_to_the_append(tmp_path: Path) -> None:
    with receiver() as found, serve(tmp_path, "--no-worker", ready="live", **exported_to(found)) as served:
        token = served.token("ada", "desk", "administrator")
        served.data(token, "{ authorities { code } }")
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "traceparent": f"00-{TRACE}-{PARENT}-01",
        }
        body = json.dumps({"query": REGISTER}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{served.url}/graphql", body, headers)) as response:
            [event] = json.load(response)["data"]["registerAuthority"]["events"]
        until(lambda: "POST /graphql" in found.of_trace())
        spans = found.of_trace()
    assert {name for name, _ in found.spans} == {"mandate-api"}
    assert {"POST /graphql", "append", "fold"} <= spans.keys()
    request = spans["POST /graphql"]
    assert request.parent_span_id.hex() == PARENT
    assert attributes(request).items() >= {
        "http.request.method": "POST", "http.route": "/graphql", "http.response.status_code": 200,
        "graphql.operation.type": "mutation",
    }.items()  # fmt: skip
    assert {spans[name].parent_span_id for name in ("append", "fold")} == {request.span_id}
    assert attributes(spans["append"])["mandate.correlation_id"] == event["correlationId"]
    texts = [attributes(span).get("db.query.text") for _, span in found.spans if span.name == "statement"]
    assert any("projections.authorities" in str(text) for text in texts)
    assert "ekrit" not in str([span for _, span in found.spans])


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({ENDPOINT: "http://collector:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({ENDPOINT: "http://collector:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://collector:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_standard_variables_turn_it_on(variables: dict[str, str], expected: bool) -> None:
    assert is_on(variables) is expected


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER: zipkin is not supported"),
        ({ENDPOINT: "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc is not supported, only http/protobuf"),
        ({ENDPOINT: "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' is no address"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "/v1"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '/v1' is no address"),
    ],
)
def test_what_is_not_supported_stops_the_start(variables: dict[str, str], message: str) -> None:
    with pytest.raises(Misconfigured, match=message):
        is_on(variables)
