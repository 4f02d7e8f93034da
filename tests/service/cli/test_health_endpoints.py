"""Health and figures over HTTP: for load balancers, which ask for commands and for reads apart."""

import pytest

from service.processes.health_endpoints import READINESS
from tests.databases import NewDatabase
from tests.service.graphql.api_client import served
from tests.waiting import until


def test_commands_are_ready_where_nobody_keeps_the_views(new_database: NewDatabase) -> None:
    with served(new_database(), follow=False, stuck_after=0.1) as register:
        until(lambda: register.client.get("/health/ready/reads").status_code == 503)
        assert register.client.get("/health/ready/commands").status_code == 200
        assert register.client.get("/health/ready").status_code == 503
        body = register.client.get("/health/ready/commands").json()
        assert (body["status"], body["commands"], body["reads"]) == ("not ready", "ready", "not ready")


def test_reads_are_ready_where_nobody_runs_policies(new_database: NewDatabase) -> None:
    with served(new_database(), stuck_after=2) as register:
        until(lambda: list(register.client.get("/health/ready").json()["problems"]) == ["policies"])
        assert register.client.get("/health/ready").status_code == 503
        assert register.client.get("/health/ready/reads").status_code == 200


@pytest.mark.parametrize("path", ["/health/live", *READINESS, "/metrics"])
def test_nothing_of_it_is_stored_or_guessed(new_database: NewDatabase, path: str) -> None:
    with served(new_database(), follow=False) as register:
        headers = register.client.get(path).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
