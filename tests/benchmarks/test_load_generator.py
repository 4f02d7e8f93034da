"""The load generator sends requests in turn, reads whole responses, and accepts no wrong one."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load_generator import Load, fetch_all, generate, request

Reply = tuple[int, object]


@contextmanager
def served(reply: Callable[[str], Reply]) -> Iterator[int]:
    """A server that answers a document with a status and a body, in two parts. Yields its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = reply(asked["query"])
            encoded = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            for part in (encoded[:5], encoded[5:]):
                self.wfile.write(part)
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_each_request_gets_its_whole_answer() -> None:
    with served(lambda query: (200, {"data": {"asked": query * 10_000}})) as port:
        found = fetch_all(Load(port, [request("a"), request("b")], b"asked"))
    assert found == [{"asked": "a" * 10_000}, {"asked": "b" * 10_000}]


def test_every_connection_asks_until_the_end() -> None:
    asked: list[str] = []

    def reply(query: str) -> Reply:
        asked.append(query)
        return 200, {"data": None}

    with served(reply) as port:
        result = generate(Load(port, [request(f"{n}") for n in range(4)], b"data"), 4, 0.2)
    assert len(result.latencies) == len(asked)
    assert {*asked} == {"0", "1", "2", "3"}
    assert result.seconds >= 0.2
    assert result.rate == len(asked) / result.seconds


@pytest.mark.parametrize(
    "reply",
    [(500, {"data": {}}), (200, {"data": {}, "errors": []}), (200, {"something": "else"})],
    ids=["status", "errors", "unexpected"],
)
def test_a_wrong_answer_ends_the_run(reply: Reply) -> None:
    with served(lambda query: reply) as port, pytest.raises(RuntimeError):
        generate(Load(port, [request("a")], b"data"), 1, 5.0)
