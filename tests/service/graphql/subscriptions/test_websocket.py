"""graphql-transport-ws: what is no message of it closes the socket with the protocol's code, and says why."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from service.graphql.execution.request import DEEPEST
from service.graphql.subscriptions.limits import LONGEST_MESSAGE
from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.subscriptions.client import Socket, socket
from tests.waiting import until

ANA = Person("ana", "over-ws")
VIEWER = "{ viewer { subject } }"


def nested(levels: int) -> str:
    return '{"x":' * levels + "1" + "}" * levels


FOREVER = "subscription { eventsRecorded { position } }"


@pytest.fixture(scope="module")
def narrow(databases: Databases) -> Iterator[ApiClient]:
    """Where little is allowed, and for a short time."""
    limits: dict[str, Any] = {
        "subscription_connections": 2,
        "subscriptions": 3,
        "operations_per_socket": 2,
        "connection_init_timeout": 0.3,
    }
    with databases.fresh() as urls, served(urls, **limits) as register:
        yield register


def test_queries_and_mutations_are_answered_too(register: ApiClient) -> None:
    mutation = 'mutation { registerAuthority(input: {code: "over-ws", name: "x"}) { __typename } }'
    with socket(register, greeted=ANA) as client:
        client.subscribe("a", VIEWER)
        assert client.data("a") == {"viewer": {"subject": "ana"}}
        assert client.receive() == {"id": "a", "type": "complete"}
        client.subscribe("a", mutation)
        assert client.data("a") == {"registerAuthority": {"__typename": "AuthorityRecorded"}}
        assert client.receive() == {"id": "a", "type": "complete"}


def test_a_ping_is_answered_before_and_after_the_greeting(register: ApiClient) -> None:
    with socket(register) as client:
        client.connection.send(f'{{"type": "ping", "payload": {nested(DEEPEST - 1)}}}')
        assert client.receive() == {"type": "pong", "payload": json.loads(nested(DEEPEST - 1))}
        client.send("ping", payload={"sent": 1})
        assert client.receive() == {"type": "pong", "payload": {"sent": 1}}
        client.greet(register.token(ANA))
        client.send("pong")
        client.send("ping")
        assert client.receive() == {"type": "pong"}


def test_what_is_completed_by_the_client_ends_without_a_word_and_frees_its_id(register: ApiClient) -> None:
    with socket(register, greeted=ANA) as client:
        for _ in range(3):
            client.subscribe("1", FOREVER)
            client.send("complete", id="1")
        client.send("complete", id="unknown")
        client.subscribe("1", VIEWER)
        assert client.data("1") == {"viewer": {"subject": "ana"}}


@pytest.mark.parametrize(
    "query",
    ["{", "{ nothing }", "subscription { eventsRecorded @skip(if: true) { position } }", "query A { a } query B { b }"],
)
def test_what_cannot_be_executed_is_an_error_of_that_operation_alone(register: ApiClient, query: str) -> None:
    with socket(register, greeted=ANA) as client:
        client.subscribe("1", query)
        assert {error["extensions"]["code"] for error in client.errors("1")} == {"BAD_USER_INPUT"}
        client.subscribe("1", VIEWER)
        assert client.data("1")


def test_depth_and_cost_are_bounded_as_for_queries(register: ApiClient) -> None:
    costly = """subscription ($id: ID!) { deploymentRequestChanged(id: $id) { incidents { deploymentRequests {
        history(first: 100) { edges { node { changes { path before after } actor { roles subject name } } } } } } } }"""
    with socket(register, greeted=ANA) as client:
        client.subscribe("1", costly, id="x")
        [error] = client.errors("1")
        assert "the limit is 50,000" in error["message"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("nothing", 4400),
        ("[]", 4400),
        ("{}", 4400),
        ('{"type": "start"}', 4400),
        ('{"type": "subscribe", "payload": {"query": "{a}"}}', 4400),
        ('{"type": "subscribe", "id": "", "payload": {"query": "{a}"}}', 4400),
        ('{"type": "subscribe", "id": "1"}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": 7}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}', 4400),
        ('{"type": "complete"}', 4400),
        ('{"type": "ping", "payload": 1}', 4400),
        ('{"type": "connection_init"}', 4429),
        (b"{}", 4400),
        (json.dumps({"type": "ping", "payload": {"x": "y" * LONGEST_MESSAGE}}), 1009),
        (f'{{"type": "ping", "payload": {nested(DEEPEST)}}}', 4400),
        (f'{{"type": "ping", "payload": {nested(900)}}}', 4400),
        (f'{{"type": "ping", "payload": {nested(40_000)}}}', 4400),
    ],
)
def test_what_is_no_message_closes_the_socket(register: ApiClient, sent: str | bytes, code: int) -> None:
    with socket(register, greeted=ANA) as client:
        client.connection.send(sent)
        assert client.closed()[0] == code


def test_two_operations_under_one_id_close_the_socket(register: ApiClient) -> None:
    with socket(register, greeted=ANA) as client:
        client.subscribe("1", FOREVER)
        client.subscribe("1", FOREVER)
        assert client.closed() == (4409, "Subscriber for 1 already exists")


def test_nothing_is_asked_before_the_greeting(register: ApiClient) -> None:
    with socket(register) as client:
        client.subscribe("1", VIEWER)
        assert client.closed()[0] == 4401


def test_another_protocol_is_not_spoken(register: ApiClient) -> None:
    for offered in (["graphql-ws"], None):
        with socket(register, subprotocols=offered) as client:
            assert client.closed()[0] == 4406


@pytest.mark.parametrize("spelling", ["Authorization", "authorization", "AUTHORIZATION"])
def test_a_token_comes_in_the_greeting(register: ApiClient, spelling: str) -> None:
    with socket(register) as client:
        client.send("connection_init", payload={spelling: f"Bearer {register.token(ANA)}"})
        assert client.receive() == {"type": "connection_ack"}


@pytest.mark.parametrize("payload", [None, {}, {"token": None}])
def test_or_in_the_header(register: ApiClient, payload: Any) -> None:
    with socket(register, additional_headers=register.headers(ANA)) as client:
        client.send("connection_init", payload=payload)
        assert client.receive() == {"type": "connection_ack"}


def test_or_by_itself(register: ApiClient) -> None:
    with socket(register) as client:
        client.send("connection_init", payload={"token": register.token(ANA)})
        assert client.receive() == {"type": "connection_ack"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, 4401),
        ({"Authorization": "Basic x"}, 4401),
        ({"Authorization": "Bearer x.y.z"}, 4403),
        ({"token": "x"}, 4403),
    ],
)
def test_without_a_token_of_ours_the_socket_is_closed(register: ApiClient, payload: Any, code: int) -> None:
    with socket(register) as client:
        client.send("connection_init", payload=payload)
        assert client.closed()[0] == code


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1.elsewhere.example"])
def test_a_foreign_page_opens_no_socket(register: ApiClient, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, socket(register, origin=origin):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_of_this_host_does(register: ApiClient) -> None:
    with socket(register, greeted=ANA, origin=str(register.client.base_url).rstrip("/")) as client:
        client.subscribe("1", VIEWER)
        assert client.data("1")


def test_who_does_not_greet_is_not_waited_for(narrow: ApiClient) -> None:
    with socket(narrow) as client:
        assert client.closed() == (4408, "Connection initialisation timeout")


def full(client: Socket, id: str) -> bool:
    [error] = client.errors(id)
    return bool(error["extensions"]["code"] == "UNAVAILABLE" and error["extensions"]["retryAfter"] > 0)


def test_a_socket_has_so_many_operations_and_a_process_so_many_subscriptions(narrow: ApiClient) -> None:
    with socket(narrow, greeted=ANA) as one, socket(narrow, greeted=ANA) as other:
        one.subscribe("1", FOREVER)
        one.subscribe("2", FOREVER)
        one.subscribe("3", VIEWER)
        assert full(one, "3")
        other.subscribe("1", FOREVER)
        other.subscribe("2", FOREVER)
        assert full(other, "2")
        one.send("complete", id="2")
        one.subscribe("3", VIEWER)
        assert one.data("3")


def opens(stack: ExitStack, register: ApiClient) -> bool:
    """Whether there is room: what another test closed may still be ending."""
    try:
        stack.enter_context(socket(register, greeted=ANA))
    except ConnectionClosed:
        return False
    return True


def test_a_process_has_so_many_connections(narrow: ApiClient) -> None:
    with ExitStack() as stack:
        until(lambda: opens(stack, narrow))
        until(lambda: opens(stack, narrow))
        third = stack.enter_context(socket(narrow))
        third.send("connection_init", payload={"token": narrow.token(ANA)})
        assert third.closed()[0] == 1013
        headers = {**narrow.headers(ANA), "accept": "text/event-stream"}
        response = narrow.client.post("/graphql", json={"query": FOREVER}, headers=headers)
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
