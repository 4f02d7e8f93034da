"""HTTP load generator: keep-alive connections, each with one request in flight."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import cast

import uvloop


@dataclass(frozen=True, slots=True)
class Load:
    """port: on this machine. bodies: requests, sent in turn. expected: part of every correct response."""

    port: int
    bodies: Sequence[bytes]
    expected: bytes


def request(document: str, token: str | None = None, **variables: object) -> bytes:
    """A complete HTTP request."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    head = ["POST /graphql HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Accept: application/json"]
    head.append(f"Content-Length: {len(body)}")
    if token is not None:
        head.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*head, "", ""]).encode() + body


def ask(load: Load, connections: int, seconds: float) -> list[float]:
    """The latency of each response, in seconds. Raises RuntimeError for an unexpected response."""
    return uvloop.run(_ask(load, connections, seconds))


async def _ask(load: Load, connections: int, seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    end = time.perf_counter() + seconds
    clients = [_Client(load.bodies[n::connections], load.expected, end) for n in range(connections)]
    for client in clients:
        await loop.create_connection(client.itself, "127.0.0.1", load.port)
    return [took for client in clients for took in await client.done]


class _Client(asyncio.Protocol):
    """One connection, with minimal HTTP parsing: status, Content-Length, body."""

    def __init__(self, bodies: Sequence[bytes], expected: bytes, end: float) -> None:
        self._bodies = cycle(bodies)
        self._expected = expected
        self._end = end
        self._received = b""
        self._took: list[float] = []
        self._began = 0.0
        self.done: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()

    def itself(self) -> "_Client":
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's transport is one structurally only
        self._send()

    def _send(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(next(self._bodies))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        now = time.perf_counter()
        self._took.append(now - self._began)
        if not head.startswith(b"HTTP/1.1 200") or self._expected not in body or b'"errors"' in body:
            self._finish(RuntimeError(f"{head[:15]!r}: {body[:500]!r}"))
        elif now >= self._end:
            self._finish(None)
        else:
            self._received = b""
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish(error or RuntimeError("the server closed the connection"))

    def _finish(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is None:
            self.done.set_result(self._took)
        else:
            self.done.set_exception(error)
        self._transport.close()


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0])
