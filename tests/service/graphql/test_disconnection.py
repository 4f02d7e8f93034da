"""The statements for a client that has gone are cancelled in the database."""

import json
import socket as sockets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.subscriptions.client import socket
from tests.waiting import until

ANA = Person("ana", "somewhere")
LISTS = "{ deploymentRequests { totalCount } incidents { totalCount } }"
NESTED = """{ deploymentRequests { edges { node { history { edges { node { type } } } } } }
    node(id: "00000000-0000-4000-8000-000000000001") { id } }"""
WAITING = """SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE datname = current_database() AND NOT granted"""
"""Statements that wait for a lock. Their state is not shown to another role."""


@pytest.fixture(scope="module")
def patient(databases: Databases) -> Iterator[ApiClient]:
    """Statements that wait are not ended by a timeout."""
    with databases.fresh() as urls, served(urls, follow=False, statement_timeout=120.0) as register:
        yield register


def by_http(register: ApiClient, stack: ExitStack, query: str, accept: str = "application/json") -> Callable[[], None]:
    """Asks, and returns what leaves without reading."""
    body = json.dumps({"query": query})
    url = register.client.base_url
    connection = stack.enter_context(sockets.create_connection((url.host, url.port or 80)))
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: {accept}\r\n"
    authorization = f"Authorization: Bearer {register.token(ANA)}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall((head + authorization + body).encode())
    return connection.close


def by_stream(register: ApiClient, stack: ExitStack, query: str) -> Callable[[], None]:
    return by_http(register, stack, query, "text/event-stream")


def by_socket(register: ApiClient, stack: ExitStack, query: str) -> Callable[[], None]:
    client = stack.enter_context(socket(register, greeted=ANA))
    client.subscribe("1", query)
    return client.connection.close


@pytest.mark.parametrize("query", [LISTS, NESTED], ids=["lists", "nested"])
@pytest.mark.parametrize("ask", [by_http, by_stream, by_socket])
def test_nothing_runs_on_for_a_client_that_has_gone(patient: ApiClient, ask: Any, query: str) -> None:
    with ExitStack() as stack, psycopg.connect(patient.urls.owner, autocommit=True) as observer:
        owner = stack.enter_context(psycopg.connect(patient.urls.owner))
        owner.execute("LOCK TABLE projections.deployment_requests, projections.incidents IN ACCESS EXCLUSIVE MODE")

        def waiting() -> int:
            row = observer.execute(WAITING).fetchone()
            assert row is not None
            return int(row[0])

        leave = ask(patient, stack, query)
        until(waiting)
        leave()
        until(lambda: waiting() == 0)
        owner.rollback()
        assert patient.ask(ANA, "{ viewer { subject } }") == {"viewer": {"subject": "ana"}}
        assert patient.ask(ANA, LISTS)["incidents"] == {"totalCount": 0}
