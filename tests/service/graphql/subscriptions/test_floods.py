"""Floods over a WebSocket, with a token and without: they end the connection, or wait for others message by message."""

import json
import logging
import threading
from collections.abc import Callable

import pytest

from service.graphql.subscriptions.bounded_websocket import FRAGMENTS, PINGS
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.subscriptions.client import Socket, socket

ANA = Person("ana", "somewhere")
BEN = Person("ben", "somewhere")
VIEWER = "{ viewer { subject } }"
CONTINUATION, TEXT, PING, PONG = 0, 1, 9, 10
MANY = 40_000


def frame(kind: int, content: bytes = b"", *, last: bool = True) -> bytes:
    """As a client sends it, masked with zeros."""
    assert len(content) < 126
    return bytes([0x80 * last | kind, 0x80 | len(content), 0, 0, 0, 0]) + content


def while_flooded(client: Socket, chunk: bytes, do: Callable[[], object]) -> None:
    """The chunk is on its way while something is done."""

    def send() -> None:
        try:
            client.connection.socket.sendall(chunk)
        except OSError:
            return  # the server has closed

    flood = threading.Thread(target=send)
    flood.start()
    do()
    flood.join()


FLOODS = [
    (frame(PING) * MANY, "Too many pings."),
    (frame(PONG) * MANY, "Too many pongs."),
    (frame(TEXT, last=False) + frame(CONTINUATION, last=False) * MANY, f"A message has at most {FRAGMENTS} frames."),
]


@pytest.mark.parametrize("greeted", [None, ANA], ids=["without a token", "with a token"])
@pytest.mark.parametrize(("chunk", "reason"), FLOODS, ids=["pings", "pongs", "fragments"])
def test_what_no_client_needs_ends_the_connection(
    register: ApiClient, chunk: bytes, reason: str, greeted: Person | None
) -> None:
    with socket(register, greeted=greeted) as client:
        while_flooded(client, chunk, lambda: register.ask(BEN, VIEWER))
        assert client.closed() == (1008, reason)


def test_who_sends_much_at_once_waits_for_the_others(register: ApiClient) -> None:
    with socket(register, greeted=ANA) as client:
        asked = threading.Event()

        def ask() -> None:
            register.ask(BEN, VIEWER)
            asked.set()

        other = threading.Thread(target=ask)
        while_flooded(client, frame(TEXT, b'{"type":"ping"}') * 5000, other.start)
        answered_first = 0
        for _ in range(5000):
            assert client.receive() == {"type": "pong"}
            answered_first += not asked.is_set()
        other.join()
        assert answered_first < 5000


def test_a_few_pings_and_fragments_are_welcome(register: ApiClient) -> None:
    with socket(register, greeted=ANA) as client:
        for _ in range(PINGS - 1):
            assert client.connection.ping().wait(20)
        client.connection.send(iter(['{"type": ', '"ping"', "}"]))
        assert client.receive() == {"type": "pong"}


def test_what_is_long_is_taken_in_part_by_part(register: ApiClient) -> None:
    """A message, and what a client says of itself when it connects."""
    with socket(register, greeted=ANA, additional_headers={"x-padding": "x" * 8000}) as client:
        for _ in range(3):
            client.send("ping", payload={"x": "y" * 200_000})
        for _ in range(3):
            assert client.receive() == {"type": "pong", "payload": {"x": "y" * 200_000}}


def test_the_query_string_of_a_socket_is_not_logged(register: ApiClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "uvicorn.error")
    url = f"ws{str(register.client.base_url).removeprefix('http').rstrip('/')}/graphql?token=secret"
    with socket(register, greeted=ANA, uri=url) as client:
        client.subscribe("1", VIEWER)
        assert client.data("1")
    assert not [json.dumps(record.getMessage()) for record in caplog.records if "secret" in record.getMessage()]
