"""A client that does not read is disconnected with a reason, and uses no memory before or after."""

import socket as sockets
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.databases import NewDatabase
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.service.graphql.subscriptions.client import Socket, socket, stream
from tests.waiting import until

ANA = Person("ana", "somewhere")
REPEATED = 90
HEAVY = f"""subscription {{ eventsRecorded(after: 0) {{ position
    {" ".join(f"p{number}: payload" for number in range(REPEATED))} }} }}"""
LIGHT = 'subscription { eventsRecorded(after: 0, types: ["MandateGranted"]) { position } }'
INCIDENTS = 100
LETTERS = 4000


@pytest.fixture
def heavy(new_database: NewDatabase) -> Iterator[Scenario]:
    """36 MB, where one subscription at once is served."""
    with served(new_database(), send_timeout=3.0, subscriptions=1) as register:
        here = scenario(register)
        for _ in range(INCIDENTS):
            here.incident(description="x" * LETTERS, marking="CLEAR")
        yield here


def narrow(register: ApiClient) -> dict[str, Any]:
    """A connection through which little goes that is not read."""
    connection = sockets.socket()
    connection.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 8192)
    connection.connect(("127.0.0.1", register.client.base_url.port))
    return {"sock": connection, "max_queue": 1, "compression": None}


def free(register: ApiClient) -> bool:
    """Whether another subscription is served."""
    with socket(register, greeted=ANA) as client:
        client.subscribe("1", LIGHT)
        return bool(client.receive()["type"] == "next")


def read_on(client: Socket, received: list[int]) -> None:
    while True:
        received.append(len(client.connection.recv(20)))


def test_a_socket_that_does_not_read_is_closed(heavy: Scenario) -> None:
    register = heavy.register
    with socket(register, greeted=ADMINISTRATOR, **narrow(register)) as slow:
        slow.subscribe("1", HEAVY)
        slow.data("1")
        assert not free(register)
        until(lambda: free(register))
        received: list[int] = []
        with pytest.raises(ConnectionClosed) as closed:
            read_on(slow, received)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    assert sum(received) < INCIDENTS * LETTERS * REPEATED / 2


def test_a_stream_that_does_not_read_is_closed(heavy: Scenario) -> None:
    register = heavy.register
    with stream(register, ADMINISTRATOR, HEAVY) as slow:
        assert not free(register)
        until(lambda: free(register))
        *received, last, end = slow.events()
    assert last[1] is not None
    assert last[1]["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert end[0] == "complete"
    assert len(received) < INCIDENTS / 2


def test_a_slow_client_receives_everything(heavy: Scenario) -> None:
    with socket(heavy.register, greeted=ADMINISTRATOR, **narrow(heavy.register)) as slow:
        slow.subscribe("1", HEAVY)
        positions = [int(slow.data("1")["eventsRecorded"]["position"]) for _ in range(INCIDENTS + 4)]
    assert positions == sorted(set(positions))
