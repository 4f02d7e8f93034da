"""`rebuildProjection`: who may ask, what is answered, and that a worker does it."""

import threading
from dataclasses import replace

import psycopg
import pytest

from domain.vocabulary import Role
from projections.catalogue import VIEW_OF
from service.database import DatabaseUrls
from service.rebuilding import Rebuilding
from tests.service.graphql.register import served
from tests.service.graphql.world import ADMINISTRATOR
from tests.waiting import until

REBUILD = """mutation ($name: String!) { rebuildProjection(name: $name) {
    __typename ... on RebuildStarted { projection { name position state parked rebuild { processed } } }
    ... on NotPermitted { message } ... on NotFound { message } } }"""
ENDED = "SELECT outcome FROM projections.rebuild_outcomes"


def test_an_administrator_asks_and_a_worker_does_it(database_urls: DatabaseUrls) -> None:
    stop = threading.Event()
    rebuilds = threading.Thread(target=Rebuilding(database_urls.worker).run, args=(stop,))
    with served(database_urls) as register:
        register.command(
            ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", {"code": "asker", "name": "Asker"}
        )
        rebuilds.start()
        for name in VIEW_OF:
            answer = register.ask(ADMINISTRATOR, REBUILD, name=name)["rebuildProjection"]
            assert answer["__typename"] == "RebuildStarted"
            assert answer["projection"]["name"] == name
        register.ask(ADMINISTRATOR, "{ projections { rebuild { eventsPerSecond secondsRemaining startedAt total } } }")
        until(lambda: outcomes(database_urls) == ["SWAPPED"] * len(VIEW_OF))
        figures = register.client.get("/metrics").text
        stop.set()
        rebuilds.join(30)
    assert 'mandate_command_seconds_count{command="RegisterAuthority",outcome="Recorded"} 1.0' in figures
    assert 'mandate_view_lag_events{view="audit_trail"}' in figures


def outcomes(urls: DatabaseUrls) -> list[str]:
    with psycopg.connect(urls.api) as connection:
        return [row[0] for row in connection.execute(ENDED)]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_may(database_urls: DatabaseUrls, role: Role) -> None:
    with served(database_urls, follow=False) as register:
        answer = register.ask(replace(ADMINISTRATOR, roles=(role,)), REBUILD, name="audit_trail")["rebuildProjection"]
        assert answer["__typename"] == "NotPermitted"
        assert orders(database_urls) == 0


def test_what_there_is_not(database_urls: DatabaseUrls) -> None:
    with served(database_urls, follow=False) as register:
        answer = register.ask(ADMINISTRATOR, REBUILD, name="policies")["rebuildProjection"]
        assert answer["__typename"] == "NotFound"
        assert "audit_trail" in answer["message"]
        assert orders(database_urls) == 0


def orders(urls: DatabaseUrls) -> int:
    with psycopg.connect(urls.api) as connection:
        found = connection.execute("SELECT count(*) FROM projections.rebuild_orders").fetchone()
    assert found is not None
    return int(found[0])
