"""`rebuildProjection`: who may ask, what is answered, and that a worker does it."""

from dataclasses import replace

import psycopg
import pytest

from domain.vocabulary import Role
from projections.catalogue import VIEW_OF, VIEWS
from service.settings import DatabaseUrls
from tests.service.cli.rebuilds import working
from tests.service.graphql.api_client import Answer, ApiClient, served
from tests.service.graphql.scenario import ADMINISTRATOR, scenario
from tests.waiting import until

REBUILD = """mutation ($name: String!) { rebuildProjection(name: $name) {
    __typename ... on RebuildStarted { projection { name position state parked rebuild { processed } } }
    ... on NotPermitted { message } ... on NotFound { message } } }"""
ENDED = "SELECT outcome FROM projections.rebuild_outcomes"


def test_an_administrator_asks_and_a_worker_does_it(database_urls: DatabaseUrls) -> None:
    with served(database_urls) as register:
        register.command(
            ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", {"code": "hq", "name": "Headquarters"}
        )
        viewers(register)
        with working(database_urls.worker, *VIEWS):
            for name in VIEW_OF:
                answer = register.ask(ADMINISTRATOR, REBUILD, name=name)["rebuildProjection"]
                assert answer["__typename"] == "RebuildStarted"
                assert answer["projection"]["name"] == name
            register.ask(
                ADMINISTRATOR, "{ projections { rebuild { eventsPerSecond secondsRemaining startedAt total step } } }"
            )
            until(lambda: outcomes(database_urls) == ["SWAPPED"] * len(VIEW_OF))
        figures = register.client.get("/metrics").text
    assert 'mandate_command_seconds_count{command="RegisterAuthority",outcome="Recorded"} 1.0' in figures
    assert 'mandate_view_lag_events{view="audit_trail"}' in figures


def outcomes(urls: DatabaseUrls) -> list[str]:
    with psycopg.connect(urls.api) as connection:
        return [row[0] for row in connection.execute(ENDED)]


def test_how_it_ended_is_reported_and_no_row_of_it(database_urls: DatabaseUrls) -> None:
    """What differs is for operators, who may read the rows: not for whoever has a token."""
    ended = "{ projections { name lastRebuild { outcome endedAt version differing } } }"
    with served(database_urls) as register:
        here = scenario(register)
        here.request()
        here.ask(here.reviewer, "query ($at: Position) { deploymentRequests(atLeast: $at) { totalCount } }")
        with psycopg.connect(database_urls.worker) as connection:
            connection.execute("UPDATE projections.deployment_requests SET reference = 'edited'")
        assert named(register.ask(here.reviewer, ended))["lastRebuild"] is None
        register.ask(ADMINISTRATOR, REBUILD, name="deployment_requests")
        with working(database_urls.worker, *VIEWS):
            until(lambda: named(register.ask(here.reviewer, ended))["lastRebuild"])
        found = named(register.ask(here.reviewer, ended))["lastRebuild"]
    assert found.pop("endedAt")
    assert found == {"outcome": "REFUSED", "version": VIEW_OF["deployment_requests"].version, "differing": 1}


def named(answer: Answer) -> Answer:
    found: Answer = next(each for each in answer["projections"] if each["name"] == "deployment_requests")
    return found


def test_a_view_that_was_never_followed_is_reported_and_not_rebuilt(database_urls: DatabaseUrls) -> None:
    """As a view that newer code brings, until a worker of it runs."""
    with served(database_urls) as register:
        scenario(register)
        viewers(register)
    with psycopg.connect(database_urls.owner) as connection:
        connection.execute("DELETE FROM projections.checkpoints WHERE view = 'deployment_requests'")
    with served(database_urls, follow=False) as register:
        found = named(register.ask(ADMINISTRATOR, "{ projections { name position state lastRebuild { outcome } } }"))
        answer = register.ask(ADMINISTRATOR, REBUILD, name="deployment_requests")["rebuildProjection"]
    assert found == {"name": "deployment_requests", "position": "0", "state": "STOPPED", "lastRebuild": None}
    assert answer["__typename"] == "NotFound"
    assert "was never filled" in answer["message"]
    assert orders(database_urls) == 0


def viewers(register: ApiClient) -> None:
    """Waits until the views know the registered authorities."""
    document = "query ($at: Position) { authorities(atLeast: $at) { code } }"
    register.ask(ADMINISTRATOR, document, at=register.position)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_may_rebuild(database_urls: DatabaseUrls, role: Role) -> None:
    with served(database_urls, follow=False) as register:
        answer = register.ask(replace(ADMINISTRATOR, roles=(role,)), REBUILD, name="audit_trail")["rebuildProjection"]
        assert answer["__typename"] == "NotPermitted"
        assert orders(database_urls) == 0


def test_an_administrator_of_an_unregistered_authority_may_not(database_urls: DatabaseUrls) -> None:
    with served(database_urls, follow=False) as register:
        answer = register.ask(ADMINISTRATOR, REBUILD, name="audit_trail")["rebuildProjection"]
        assert answer == {
            "__typename": "NotPermitted",
            "message": "Your authority, hq, is not registered: register it first.",
        }
        assert orders(database_urls) == 0


def test_what_there_is_not(database_urls: DatabaseUrls) -> None:
    with served(database_urls) as register:
        scenario(register)
        viewers(register)
        answer = register.ask(ADMINISTRATOR, REBUILD, name="policies")["rebuildProjection"]
        assert answer["__typename"] == "NotFound"
        assert "audit_trail" in answer["message"]
        assert orders(database_urls) == 0


def orders(urls: DatabaseUrls) -> int:
    with psycopg.connect(urls.api) as connection:
        found = connection.execute("SELECT count(*) FROM projections.rebuild_orders").fetchone()
    assert found is not None
    return int(found[0])
