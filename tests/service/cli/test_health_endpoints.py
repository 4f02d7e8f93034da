"""Health and figures over HTTP: for load balancers, which ask for commands and for reads apart."""

import psycopg
import pytest

from service.processes.health_endpoints import READINESS
from tests.databases import NewDatabase
from tests.service.graphql.api_client import served
from tests.waiting import until

END_SESSIONS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = 'mandate_api'"""


def test_commands_are_ready_without_followers(new_database: NewDatabase) -> None:
    with served(new_database(), follow=False, stuck_after=0.1) as register:
        until(lambda: register.client.get("/health/ready/reads").status_code == 503)
        assert register.client.get("/health/ready/commands").status_code == 200
        assert register.client.get("/health/ready").status_code == 503
        body = register.client.get("/health/ready/commands").json()
        assert (body["status"], body["commands"], body["reads"]) == ("not ready", "ready", "not ready")


def test_reads_are_ready_without_a_policy_runner(new_database: NewDatabase) -> None:
    with served(new_database(), stuck_after=2) as register:
        until(lambda: set(register.client.get("/health/ready").json()["problems"]) == {"deliveries", "policies"})
        assert register.client.get("/health/ready").status_code == 503
        assert register.client.get("/health/ready/reads").status_code == 200


def test_a_database_that_may_lose_commits_causes_a_warning(
    new_database: NewDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """When the process starts, and in its health until the setting is changed."""
    urls = new_database()
    assert urls.superuser
    with psycopg.connect(urls.superuser, autocommit=True) as superuser:
        setting = f"ALTER DATABASE {superuser.info.dbname} SET synchronous_commit = "
        superuser.execute(f"{setting} off".encode())
        with served(urls, follow=False) as register:
            assert caplog.text.count("synchronous_commit is off in the database") == 1
            health = register.client.get("/health/ready")
            assert "synchronous_commit is off in the database" in health.json()["warnings"]["durability"]
            superuser.execute(f"{setting} on".encode())
            superuser.execute(END_SESSIONS)
            until(lambda: "durability" not in register.client.get("/health/ready").json()["warnings"])


@pytest.mark.parametrize("path", ["/health/live", *READINESS, "/metrics"])
def test_health_responses_are_neither_cached_nor_sniffed(new_database: NewDatabase, path: str) -> None:
    with served(new_database(), follow=False) as register:
        headers = register.client.get(path).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")
