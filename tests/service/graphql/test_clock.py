"""One clock: queries judge deadlines by the time of decisions, whatever the clock of the machine says."""

from datetime import UTC, datetime, timedelta

import psycopg

from tests.databases import NewDatabase
from tests.service.graphql.api_client import served
from tests.service.graphql.scenario import scenario

AHEAD = """
    CREATE SCHEMA skewed;
    CREATE FUNCTION skewed.clock_timestamp() RETURNS timestamptz LANGUAGE sql
        AS $$ SELECT pg_catalog.clock_timestamp() + interval '2 hours' $$;
    GRANT USAGE ON SCHEMA skewed TO PUBLIC;
    ALTER FUNCTION event_store.append SET search_path = skewed, pg_catalog, pg_temp;
"""


def test_what_is_overdue_is_judged_by_the_clock_of_decisions(new_database: NewDatabase) -> None:
    urls = new_database()
    due = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    held = "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { hold { overdue } } }"
    listed = "query ($at: Position) { deploymentRequests(filter: { overdue: true }, atLeast: $at) { totalCount } }"
    with served(urls) as register:
        here = scenario(register)
        request = here.request(incidents=[here.incident()["id"]], fields="id")["id"]
        incident = here.incident(fields="id")["id"]
        here.on_request(here.reviewer, "beginReview", request)
        here.on_request(here.reviewer, "withholdDeploymentRequest", request, awaiting=[incident], reviewBy=due)

        def overdue() -> tuple[bool, int]:
            asked = {"id": request, "at": register.position}
            hold = register.ask(here.approver, held, **asked)["deploymentRequest"]["hold"]
            found = register.ask(here.approver, listed, at=register.position)["deploymentRequests"]
            return hold["overdue"], found["totalCount"]

        assert overdue() == (False, 0)
        with psycopg.connect(urls.owner) as owner:
            owner.execute(AHEAD)
        here.on_request(here.reviewer, "remarkOnDeploymentRequest", request)
        assert overdue() == (True, 1)
