"""What one person may open, and what nobody in particular may: limits of sockets, event streams and subscriptions."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from service.graphql.subscriptions.limits import LONGEST_BEFORE_INIT, MESSAGES_BEFORE_INIT
from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.subscriptions.client import Socket, socket, stream
from tests.waiting import until

ANA = Person("ana", "somewhere")
BEN = Person("ben", "somewhere")
VIEWER = "{ viewer { subject } }"
FOREVER = "subscription { eventsRecorded { position } }"


@pytest.fixture(scope="module")
def narrow(databases: Databases) -> Iterator[ApiClient]:
    limits: dict[str, Any] = {
        "subscription_connections": 5,
        "subscription_connections_per_person": 2,
        "subscriptions_per_person": 2,
        "unauthenticated_sockets": 3,
        "connection_init_timeout": 60.0,
    }
    with databases.fresh() as urls, served(urls, **limits) as register:
        yield register


def opened(stack: ExitStack, register: ApiClient, who: Person) -> Socket:
    """Once there is room for it: what another test closed may still be ending."""
    found: list[Socket] = []

    def opens() -> bool:
        try:
            found.append(stack.enter_context(socket(register, greeted=who)))
        except ConnectionClosed:
            return False
        return True

    until(opens)
    return found[0]


def test_one_person_has_so_many_sockets_and_streams(narrow: ApiClient) -> None:
    with ExitStack() as stack:
        for _ in range(2):
            opened(stack, narrow, ANA)
        third = stack.enter_context(socket(narrow))
        third.send("connection_init", payload={"token": narrow.token(ANA)})
        assert third.closed() == (1013, "You already have 2 connections: end one, or try again later.")
        with stream(narrow, ANA, FOREVER) as refused:
            assert refused.response.status_code == 503
            assert refused.response.headers["retry-after"] == "5"
            [error] = json.loads(refused.response.read())["errors"]
            assert error["extensions"]["code"] == "UNAVAILABLE"
        opened(stack, narrow, BEN).subscribe("1", VIEWER)


def test_one_person_has_so_many_subscriptions_over_all_connections(narrow: ApiClient) -> None:
    with ExitStack() as stack:
        first, second = opened(stack, narrow, ANA), opened(stack, narrow, ANA)
        for client in (first, second):
            client.subscribe("1", FOREVER)
        first.subscribe("2", FOREVER)
        [error] = first.errors("2")
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert "You already have 2 subscriptions" in error["message"]
        first.send("complete", id="1")
        first.subscribe("3", VIEWER)
        assert first.data("3")


def test_connections_without_a_token_take_no_places(narrow: ApiClient) -> None:
    """More of them than there are connections: they take none, and the oldest has to leave."""
    with ExitStack() as stack:
        idle = [stack.enter_context(socket(narrow)) for _ in range(7)]
        opened(stack, narrow, ANA).subscribe("1", VIEWER)
        for client in idle[:4]:
            assert client.closed()[0] == 1013
        idle[-1].greet(narrow.token(BEN))


def test_little_is_read_before_the_greeting(narrow: ApiClient) -> None:
    long = {"type": "connection_init", "payload": {"token": "x" * LONGEST_BEFORE_INIT}}
    with socket(narrow) as client:
        client.connection.send(json.dumps(long))
        assert client.closed()[0] == 1009
    with socket(narrow, greeted=ANA) as client:
        client.connection.send(json.dumps({**long, "type": "ping"}))
        assert client.receive()["type"] == "pong"


def test_few_messages_are_answered_before_the_greeting(narrow: ApiClient) -> None:
    with socket(narrow) as client:
        for _ in range(MESSAGES_BEFORE_INIT + 1):
            client.send("ping")
        for _ in range(MESSAGES_BEFORE_INIT):
            assert client.receive() == {"type": "pong"}
        assert client.closed()[0] == 4401
    with socket(narrow, greeted=ANA) as client:
        for _ in range(20 * MESSAGES_BEFORE_INIT):
            client.send("ping")
            assert client.receive() == {"type": "pong"}


def test_messages_are_not_compressed(narrow: ApiClient) -> None:
    """What is small on the wire stays so."""
    with socket(narrow, greeted=ANA) as client:
        assert client.connection.protocol.extensions == []
