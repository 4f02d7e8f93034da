"""Lists as of then: filters, orders, counts and cursors of an instant, beside what has happened since."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.vocabulary import iso_time
from tests.service.graphql.api_client import Answer, ApiClient
from tests.service.graphql.scenario import Scenario, scenario
from tests.waiting import until

REQUESTS = """query ($filter: DeploymentRequestFilter, $order: DeploymentRequestOrder, $first: Int, $after: String,
    $asOf: DateTime, $at: Position) {
  deploymentRequests(filter: $filter, orderBy: $order, first: $first, after: $after, asOf: $asOf, atLeast: $at) {
    totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { node { reference status updatedAt hold { overdue } } } } }"""
INCIDENTS = """query ($filter: IncidentFilter, $first: Int, $after: String, $asOf: DateTime, $at: Position) {
  incidents(filter: $filter, first: $first, after: $after, asOf: $asOf, atLeast: $at) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id version attributionStatus } } } }"""
SITUATION = """query ($regions: [String!], $asOf: DateTime, $at: Position) {
  situation(regions: $regions, asOf: $asOf, atLeast: $at) {
    region openIncidents requestsByStatus { status count } } }"""


class Days:
    """Five requests were submitted; the first was withdrawn, the second withheld and later resumed; one came later."""

    def __init__(self, here: Scenario) -> None:
        self.here = here
        self.incident = here.incident()["id"]
        made = [here.request(fields="reference updatedAt", incidents=[self.incident]) for _ in range(5)]
        self.submitted = made[-1]["updatedAt"]
        first, second = made[0]["id"], made[1]["id"]
        here.on_request(here.requester, "withdrawDeploymentRequest", first)
        here.on_request(here.reviewer, "beginReview", second)
        due = datetime.now(UTC) + timedelta(seconds=3)
        self.withheld = iso_time(due)
        held = {"awaiting": [self.incident], "reviewBy": self.withheld}
        here.on_request(here.reviewer, "withholdDeploymentRequest", second, "updatedAt", **held)
        until(lambda: datetime.now(UTC) > due)
        here.on_incident(here.reviewer, "attributeIncident", self.incident)
        here.on_request(here.reviewer, "resumeReview", second)
        here.request()

    def requests(self, **variables: Any) -> Answer:
        variables["filter"] = {"region": [self.here.name], **variables.get("filter", {})}
        found: Answer = self.here.ask(self.here.reviewer, REQUESTS, **variables)["deploymentRequests"]
        return found


@pytest.fixture(scope="module")
def days(register: ApiClient) -> Days:
    return Days(scenario(register))


def numbers(page: Answer) -> list[int]:
    return [int(edge["node"]["reference"][-4:]) for edge in page["edges"]]


def test_a_list_has_what_was_there_then(days: Days) -> None:
    assert numbers(days.requests()) == [6, 5, 4, 3, 2, 1]
    then = days.requests(asOf=days.submitted)
    assert numbers(then) == [5, 4, 3, 2, 1]
    assert then["totalCount"] == 5
    assert {edge["node"]["status"] for edge in then["edges"]} == {"SUBMITTED"}


@pytest.mark.parametrize(
    ("wanted", "submitted", "withheld", "now"),
    [
        ({"status": ["SUBMITTED"]}, [5, 4, 3, 2, 1], [5, 4, 3], [6, 5, 4, 3]),
        ({"status": ["WITHDRAWN", "WITHHELD_PENDING_ATTRIBUTION"]}, [], [2, 1], [1]),
        ({"overdue": True}, [], [2], []),
        ({"overdue": False}, [5, 4, 3, 2, 1], [5, 4, 3, 1], [6, 5, 4, 3, 2, 1]),
        ({"overdue": None, "questioned": None}, [5, 4, 3, 2, 1], [5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1]),
        ({"questioned": True}, [], [], []),
        ({"questioned": False}, [5, 4, 3, 2, 1], [5, 4, 3, 2, 1], [6, 5, 4, 3, 2, 1]),
        ({"status": []}, [], [], []),
    ],
)
def test_filters_and_counts_are_of_then(
    days: Days, wanted: Answer, submitted: list[int], withheld: list[int], now: list[int]
) -> None:
    for instant, expected in ((days.submitted, submitted), (days.withheld, withheld), (None, now)):
        page = days.requests(filter=wanted, asOf=instant)
        assert (numbers(page), page["totalCount"]) == (expected, len(expected))


def test_a_hold_is_overdue_by_the_time_of_then(days: Days) -> None:
    [edge] = days.requests(filter={"overdue": True}, asOf=days.withheld)["edges"]
    assert edge["node"]["hold"] == {"overdue": True}


def test_the_order_is_that_of_then(days: Days) -> None:
    assert numbers(days.requests(order="UPDATED_AT_DESC", asOf=days.submitted)) == [5, 4, 3, 2, 1]
    assert numbers(days.requests(order="UPDATED_AT_DESC", asOf=days.withheld)) == [2, 1, 5, 4, 3]
    assert numbers(days.requests(order="UPDATED_AT_ASC")) == [3, 4, 5, 1, 2, 6]


@pytest.mark.parametrize("order", ["SUBMITTED_AT_DESC", "SUBMITTED_AT_ASC", "UPDATED_AT_DESC", "UPDATED_AT_ASC"])
def test_pages_of_the_past_are_its_list(days: Days, order: str) -> None:
    whole = numbers(days.requests(order=order, asOf=days.withheld))
    found: list[int] = []
    after = None
    while True:
        page = days.requests(order=order, first=2, after=after, asOf=days.withheld)
        assert page["totalCount"] == 5
        assert page["pageInfo"]["hasPreviousPage"] is bool(after)
        found += numbers(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole


def test_a_cursor_is_good_for_the_instant_that_it_came_from(days: Days) -> None:
    cursors = {
        instant: days.requests(first=1, asOf=instant)["pageInfo"]["endCursor"]
        for instant in (None, days.submitted, days.withheld)
    }
    for instant, cursor in cursors.items():
        for other in cursors.keys() - {instant}:
            variables = {"filter": {"region": [days.here.name]}, "after": cursor, "asOf": other}
            [error] = days.here.register.errors(days.here.reviewer, REQUESTS, **variables)
            assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}
    elsewhere = days.withheld.replace("Z", "+00:00")
    assert numbers(days.requests(first=1, after=cursors[days.withheld], asOf=elsewhere)) == [4]


def test_as_of_goes_with_at_least(days: Days) -> None:
    behind = {"at": "0", "asOf": days.withheld, "filter": {"region": [days.here.name]}}
    requests = days.here.register.ask(days.here.reviewer, REQUESTS, **behind)["deploymentRequests"]
    assert requests == days.requests(asOf=days.withheld)


def test_incidents_as_of_then(days: Days) -> None:
    def asked(instant: str | None, **wanted: Any) -> list[tuple[int, str]]:
        variables = {"filter": {"region": [days.here.name], **wanted}, "asOf": instant}
        page = days.here.ask(days.here.reviewer, INCIDENTS, **variables)["incidents"]
        assert page["totalCount"] == len(page["edges"])
        return [(edge["node"]["version"], edge["node"]["attributionStatus"]) for edge in page["edges"]]

    assert asked(days.withheld) == [(1, "OPEN")]
    assert asked(None) == [(2, "ATTRIBUTED")]
    assert asked(days.withheld, attributionStatus=["OPEN"]) == [(1, "OPEN")]
    assert asked(None, attributionStatus=["OPEN"]) == []
    assert asked("2001-01-01T00:00:00Z") == []


def test_the_situation_as_of_then(days: Days) -> None:
    def counts(instant: str | None) -> tuple[int, dict[str, int]]:
        [situation] = days.here.ask(days.here.reviewer, SITUATION, regions=[days.here.name], asOf=instant)["situation"]
        return situation["openIncidents"], {each["status"]: each["count"] for each in situation["requestsByStatus"]}

    assert counts(days.submitted) == (1, {"SUBMITTED": 5})
    assert counts(days.withheld) == (1, {"SUBMITTED": 3, "WITHDRAWN": 1, "WITHHELD_PENDING_ATTRIBUTION": 1})
    assert counts(None) == (0, {"SUBMITTED": 4, "WITHDRAWN": 1, "UNDER_REVIEW": 1})
    assert counts("2001-01-01T00:00:00Z") == (0, {})
