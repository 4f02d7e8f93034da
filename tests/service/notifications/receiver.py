"""A receiver of webhooks: an HTTP server in this process that keeps what it is sent, and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.waiting import until

Reply = tuple[int, Mapping[str, str]]
OK: Reply = (200, {})


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return str(self.content["type"]).removeprefix("mandate.")


@dataclass
class Receiver:
    """reply: decides the answer to a message; it may block, as a slow receiver does."""

    url: str = ""
    reply: Callable[[Received], Reply] = lambda _: OK
    received: list[Received] = field(default_factory=list)

    def types(self) -> list[str]:
        return [each.type for each in self.received]

    def wait_for(self, number: int, seconds: float = 90) -> list[Received]:
        until(lambda: len(self.received) >= number, seconds=seconds)
        return list(self.received)


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # its sender was killed
            message = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            receiver.received.append(message)
            status, headers = receiver.reply(message)
            try:
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
            except OSError:
                return

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
