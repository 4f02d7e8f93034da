"""GraphQL over server-sent events: each operation is a response that ends with `complete`."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER
from service.access.own_tokens import Tokens
from tests.databases import NewDatabase
from tests.service.graphql.api_client import KEY, ApiClient, Person, served
from tests.service.graphql.subscriptions.client import socket, stream

ANA = Person("ana", "over-sse")
VIEWER = "{ viewer { subject } }"
FOREVER = "subscription { eventsRecorded { position } }"
REGISTER = 'mutation { registerAuthority(input: {code: "over-sse", name: "x"}) { __typename } }'


def short_lived(seconds: int) -> str:
    actor = Actor(issuer=ISSUER, subject=Subject("ana"), authority=AuthorityCode("somewhere"), roles=(Role.OBSERVER,))
    return Tokens(KEY).issue(actor, name=None, now=datetime.now(UTC), lifetime=timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("query", "data"),
    [
        (VIEWER, {"viewer": {"subject": "ana"}}),
        (REGISTER, {"registerAuthority": {"__typename": "AuthorityRecorded"}}),
    ],
)
def test_queries_and_mutations_are_answered_and_complete(register: ApiClient, query: str, data: object) -> None:
    with stream(register, ANA, query) as answered:
        assert answered.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        first, last = answered.events()
        assert (first[0], (first[1] or {})["data"], last) == ("next", data, ("complete", None))


def test_get_is_answered_and_carries_nothing_out(register: ApiClient) -> None:
    headers = {**register.headers(ANA), "accept": "text/event-stream"}
    asked = {query: register.client.get("/graphql", params={"query": query}, headers=headers) for query in
             (VIEWER, REGISTER.replace("over-sse", "by-get"))}  # fmt: skip
    assert [response.status_code for response in asked.values()] == [200, 200]
    read, refused = (response.text for response in asked.values())
    assert '"subject":"ana"' in read
    assert "BAD_USER_INPUT" in refused
    assert register.ask(ANA, '{ authority(code: "by-get") { code } }') == {"authority": None}


@pytest.mark.parametrize("query", ["{", "{ nothing }", "subscription { eventsRecorded(after: 99999) { position } }"])
def test_what_cannot_be_executed_is_reported_in_the_stream(register: ApiClient, query: str) -> None:
    with stream(register, ANA, query) as answered:
        assert answered.response.status_code == 200
        [(name, body), end] = answered.events()
        assert (name, end) == ("next", ("complete", None))
        assert body is not None
        assert body.keys() == {"errors"}
        assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("token", [None, "x.y.z"])
def test_without_a_token_it_is_401(register: ApiClient, token: str | None) -> None:
    with stream(register, token, FOREVER) as refused:
        assert refused.response.status_code == 401


def test_a_subscription_needs_a_way_to_be_answered(register: ApiClient) -> None:
    [error] = register.errors(ANA, FOREVER)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "text/event-stream" in error["message"]


def test_when_the_token_expires_it_is_reported_and_the_stream_completes(register: ApiClient) -> None:
    with stream(register, short_lived(2), FOREVER) as answered:
        [(name, body), end] = answered.events()
    assert (name, end) == ("next", ("complete", None))
    assert body is not None
    assert [error["extensions"]["code"] for error in body["errors"]] == ["UNAUTHENTICATED"]


def test_when_the_token_expires_the_socket_is_closed(register: ApiClient) -> None:
    with socket(register, greeted=short_lived(2)) as client:
        client.subscribe("1", FOREVER)
        assert client.closed() == (4401, "The token has expired: connect again with a new one.")


def test_a_server_that_ends_closes_sockets_and_breaks_streams_off(new_database: NewDatabase) -> None:
    with ExitStack() as clients:
        with served(new_database()) as register:
            silent = clients.enter_context(socket(register))
            waiting = clients.enter_context(socket(register, greeted=ANA))
            waiting.subscribe("1", FOREVER)
            waiting.subscribe("2", VIEWER)
            assert waiting.data("2")
            streaming = clients.enter_context(stream(register, ANA, FOREVER))
        assert list(streaming.events()) == []
        assert waiting.closed()[0] == 1012
        assert silent.closed()[0] == 1012
