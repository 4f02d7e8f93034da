"""Two servers whose clocks differ by seconds decide and answer alike, by the clock of the database."""

import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from domain.vocabulary import Role
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.e2e.serving import free_port
from tests.faults.processes import environment, running
from tests.reading import whole_log
from tests.service.graphql.api_client import Answer, ApiClient, served
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.waiting import until

pytestmark = pytest.mark.faults

SKEW = 40
"""Seconds by which one clock is ahead."""
HOLD = "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { hold { overdue } } }"


@pytest.fixture
def servers(database_urls: DatabaseUrls, tmp_path: Path) -> Iterator[tuple[ApiClient, ApiClient]]:
    """One whose clock is right, in this process, and one whose clock is ahead."""
    port = free_port()
    program = [sys.executable, "-m", "tests.faults.skewed", str(SKEW)]
    arguments = ("serve", "--no-worker", "--port", str(port))
    with (
        running(environment(database_urls, tmp_path), tmp_path / "log", *arguments, program=program),
        served(database_urls) as right,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        ahead = ApiClient(client, database_urls)
        until(lambda: is_live(ahead), seconds=120)
        yield right, ahead


def is_live(register: ApiClient) -> bool:
    try:
        return register.client.get("/health/live").status_code == 200
    except httpx.HTTPError:
        return False


def iso(seconds: float) -> str:
    """An instant so many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def under_review(here: Scenario) -> str:
    request: str = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    return request


def withheld(here: Scenario, request: str, review_by: float) -> Answer:
    incident = here.incident()["id"]
    return here.on_request(
        here.reviewer, "withholdDeploymentRequest", request, awaiting=[incident], reviewBy=iso(review_by)
    )


def end_mandate(here: Scenario) -> Answer:
    given = {"authority": f"{here.name}-decider", "region": here.name, "reason": "EXERCISE"}
    return here.register.command(ADMINISTRATOR, "endMandate", "EndMandateInput", given)


def test_two_servers_whose_clocks_differ_by_seconds_decide_alike(
    servers: tuple[ApiClient, ApiClient], database_urls: DatabaseUrls
) -> None:
    on_right = scenario(servers[0])
    on_ahead = replace(on_right, register=servers[1])
    decided = under_review(on_right)
    second = on_right.of("decider", "second", Role.REVIEWER)
    on_right.on_request(second, "endorseDeploymentRequest", decided, recommendation="APPROVE")
    for here in (on_right, on_ahead):
        request = under_review(here)
        refused = withheld(here, request, -SKEW / 2)
        assert [each["path"] for each in refused["fields"]] == ["reviewBy"]
        assert withheld(here, request, SKEW / 2)["__typename"] == "DeploymentRequestRecorded", "it is not past yet"
        for other in servers:
            asked = {"id": request, "at": here.register.position}
            assert not other.ask(here.approver, HOLD, **asked)["deploymentRequest"]["hold"]["overdue"]
    assert end_mandate(on_ahead)["__typename"] == "AuthorityRecorded"
    approval = on_right.on_request(on_right.approver, "approveDeploymentRequest", decided)
    assert approval["__typename"] != "DeploymentRequestRecorded", "the mandate has ended"
    with closing(EventStore(database_urls.api)) as store:
        ended = whole_log(store)[-1]
    assert ended.recorded_at - timedelta(seconds=SKEW / 2) < ended.event.at <= ended.recorded_at
