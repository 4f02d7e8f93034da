"""A client of graphql-transport-ws, and one of event streams, that show every message and every close code."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.service.graphql.api_client import Answer, ApiClient, Person

PROTOCOL = "graphql-transport-ws"
WAIT = 20.0
"""Seconds."""


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, type: str, **rest: Any) -> None:
        self.connection.send(json.dumps({"type": type, **rest}))

    def receive(self, wait: float = WAIT) -> Answer:
        message: Answer = json.loads(self.connection.recv(wait))
        return message

    def messages(self, stop: threading.Event) -> Iterator[Answer]:
        """As they come, however long that takes, until somebody says stop."""
        while not stop.is_set():
            try:
                message = self.receive(0.5)
            except TimeoutError:
                continue
            yield message

    def greet(self, token: str) -> None:
        self.send("connection_init", payload={"Authorization": f"Bearer {token}"})
        assert self.receive() == {"type": "connection_ack"}

    def subscribe(self, key: str, query: str, **variables: Any) -> None:
        self.send("subscribe", id=key, payload={"query": query, "variables": variables})

    def data(self, id: str, wait: float = WAIT) -> Answer:
        """The data of the next message, which is an answer to this operation."""
        return data(self.receive(wait), id)

    def errors(self, id: str) -> list[Answer]:
        message = self.receive()
        assert (message["type"], message["id"]) == ("error", id), message
        errors: list[Answer] = message["payload"]
        return errors

    def _read_on(self) -> None:
        while True:
            self.connection.recv(WAIT)

    def closed(self) -> tuple[int, str]:
        """The code and the reason with which the server closes, whatever comes before."""
        with pytest.raises(ConnectionClosed) as closed:
            self._read_on()
        frame = closed.value.rcvd
        assert frame is not None, "it was closed without a word"
        return frame.code, frame.reason


@contextmanager
def socket(register: ApiClient, *, greeted: Person | str | None = None, **options: Any) -> Iterator[Socket]:
    """greeted: whose token is sent in connection_init, or the token; None sends nothing."""
    url = f"ws{str(register.client.base_url).removeprefix('http').rstrip('/')}/graphql"
    given = {"subprotocols": [PROTOCOL], "max_size": None, "max_queue": None, "close_timeout": 2, **options}
    with connect(given.pop("uri", url), **given) as connection:
        made = Socket(connection)
        if greeted is not None:
            made.greet(greeted if isinstance(greeted, str) else register.token(greeted))
        yield made


def data(message: Answer, id: str) -> Answer:
    """Of a message that is an answer to this operation."""
    assert (message["type"], message["id"]) == ("next", id), message
    assert "errors" not in message["payload"], message
    found: Answer = message["payload"]["data"]
    return found


Event = tuple[str, Answer | None]


class Stream:
    """Server-sent events, read one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def events(self) -> Iterator[Event]:
        """The name and the data of each, until the stream ends."""
        name, data = "", ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data:"):
                data += line.removeprefix("data:").strip()
            elif not line and name:
                yield name, json.loads(data) if data else None
                name, data = "", ""


@contextmanager
def stream(
    register: ApiClient,
    who: Person | str | None,
    query: str,
    variables: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Stream]:
    headers = {"accept": "text/event-stream", **options.pop("headers", {})}
    if who is not None:
        headers["authorization"] = f"Bearer {who if isinstance(who, str) else register.token(who)}"
    body = {"query": query, "variables": variables}
    url = register.client.base_url.join("/graphql")
    with httpx.stream("POST", url, json=body, headers=headers, timeout=WAIT, **options) as response:
        yield Stream(response)
