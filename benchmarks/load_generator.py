"""HTTP load generator: keep-alive connections over raw sockets, each with one request in flight.

A request costs it 8 to 20 us of processor time (wrk: 3 to 4), and every response is checked.
"""

import json
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Final

SILENCE: Final = 30.0
"""Seconds after which a server that answers nothing has failed."""


@dataclass(frozen=True, slots=True)
class Load:
    """port: on this machine. bodies: requests, sent in turn. expected: part of every correct response."""

    port: int
    bodies: Sequence[bytes]
    expected: bytes


@dataclass(frozen=True, slots=True)
class LoadResult:
    """latencies: of each response, in seconds. seconds: from the first request to the last response."""

    latencies: Sequence[float]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def request(document: str, token: str | None = None, **variables: object) -> bytes:
    """A complete HTTP request."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    head = ["POST /graphql HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Accept: application/json"]
    head.append(f"Content-Length: {len(body)}")
    if token is not None:
        head.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*head, "", ""]).encode() + body


def generate(load: Load, connections: int, seconds: float) -> LoadResult:
    """Sends requests for that long, then waits for the last responses. Raises RuntimeError for an unexpected one."""
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        waiting = [stack.enter_context(closing(_Client(load, n, connections))) for n in range(connections)]
        for client in waiting:
            selector.register(client.socket, selectors.EVENT_READ, client)
        latencies: list[float] = []
        began = now = time.perf_counter()
        for client in waiting:
            client.send()
        while waiting:
            ready = selector.select(SILENCE)
            if not ready:
                raise RuntimeError("the server does not answer")
            for key, _ in ready:
                client = key.data
                if client.receive() is None:
                    continue
                now = time.perf_counter()
                latencies.append(now - client.began)
                if now < began + seconds:
                    client.send()
                else:
                    waiting.remove(client)
        return LoadResult(latencies, now - began)


def fetch_all(load: Load) -> list[Any]:
    """The data of each response, in the order of the requests. Raises RuntimeError for an unexpected one."""
    with closing(_Client(load, 0, 1)) as client:
        return [json.loads(client.exchange())["data"] for _ in load.bodies]


class _Client:
    """One connection, with minimal HTTP parsing: status, Content-Length, body."""

    def __init__(self, load: Load, number: int, connections: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", load.port), timeout=SILENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._bodies = cycle(load.bodies[number::connections])
        self._expected = load.expected
        self._received = b""

    def send(self) -> None:
        self.began = time.perf_counter()
        self.socket.sendall(next(self._bodies))

    def receive(self) -> bytes | None:
        """Reads what has arrived: the body of the response, None while it is incomplete."""
        arrived = self.socket.recv(1 << 18)
        if not arrived:
            raise RuntimeError("the server closed the connection")
        self._received += arrived
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return None
        if not head.startswith(b"HTTP/1.1 200") or self._expected not in body or b'"errors"' in body:
            raise RuntimeError(f"{head[:15]!r}: {body[:500]!r}")
        self._received = b""
        return body

    def exchange(self) -> bytes:
        self.send()
        while (body := self.receive()) is None:
            pass
        return body

    def close(self) -> None:
        self.socket.close()


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0])
