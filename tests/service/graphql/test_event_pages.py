"""Pages of histories and of the audit trail: in both orders, from both ends, counted, by when events happened."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import scenario

ARGUMENTS = "order: $order, first: $first, after: $after, last: $last, before: $before"
PAGE = """{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { position type } } }"""
VARIABLES = "$at: Position, $order: SortDirection, $first: Int, $after: String, $last: Int, $before: String"
HISTORY = f"""query ({VARIABLES}, $id: ID!) {{
  deploymentRequest(id: $id, atLeast: $at) {{ submittedBy {{ subject }} history({ARGUMENTS}) {PAGE} }} }}"""
TRAIL = f"""query ({VARIABLES}, $filter: AuditFilter) {{
  auditTrail(filter: $filter, {ARGUMENTS}, atLeast: $at) {PAGE} }}"""
NEWEST = "NEWEST_FIRST"


class Told:
    """A request with seven events."""

    def __init__(self, register: ApiClient) -> None:
        self.here = scenario(register)
        self.request = self.here.decided()["id"]
        for number in range(3):
            self.here.on_request(self.here.reviewer, "remarkOnDeploymentRequest", self.request, internal=number == 0)

    def history(self, who: Person | None = None, **arguments: Any) -> Any:
        found = self.here.ask(who or self.here.reviewer, HISTORY, id=self.request, **arguments)
        return found["deploymentRequest"]["history"]

    def trail(self, who: Person | None = None, **arguments: Any) -> Any:
        arguments["filter"] = {"subject": self.request, **arguments.get("filter", {})}
        return self.here.ask(who or self.here.reviewer, TRAIL, **arguments)["auditTrail"]


@pytest.fixture(scope="module")
def told(register: ApiClient) -> Told:
    return Told(register)


def positions(page: Any) -> list[int]:
    return [int(edge["node"]["position"]) for edge in page["edges"]]


@pytest.mark.parametrize("name", ["history", "trail"])
def test_pages_from_both_ends_in_both_orders_are_the_list(told: Told, name: str) -> None:
    read = getattr(told, name)
    everything = positions(read())
    assert len(everything) == 7
    for order, expected in ((None, everything), ("OLDEST_FIRST", everything), (NEWEST, everything[::-1])):
        forward, backward = list[int](), list[int]()
        page = read(order=order, first=3)
        while True:
            forward += positions(page)
            assert page["totalCount"] == 7
            assert page["pageInfo"]["hasPreviousPage"] is (len(forward) > 3)
            if not page["pageInfo"]["hasNextPage"]:
                break
            page = read(order=order, first=3, after=page["pageInfo"]["endCursor"])
        page = read(order=order, last=3)
        while True:
            backward = positions(page) + backward
            assert page["pageInfo"]["hasNextPage"] is (len(backward) > 3)
            if not page["pageInfo"]["hasPreviousPage"]:
                break
            page = read(order=order, last=3, before=page["pageInfo"]["startCursor"])
        assert forward == backward == expected


@pytest.mark.parametrize("order", [None, NEWEST])
def test_a_page_between_two_cursors(told: Told, order: str | None) -> None:
    listed = told.trail(order=order)
    cursors = [edge["cursor"] for edge in listed["edges"]]
    between = told.trail(order=order, first=10, after=cursors[1], before=cursors[5])
    assert positions(between) == positions(listed)[2:5]
    assert positions(told.trail(order=order, last=2, after=cursors[1], before=cursors[5])) == positions(listed)[3:5]


def test_what_no_page_can_be_is_refused_by_its_argument(told: Told) -> None:
    cursor = told.history()["edges"][3]["cursor"]
    for arguments, wrong in (
        ({"first": 1, "last": 1}, "last"),
        ({"last": 0}, "last"),
        ({"last": 101}, "last"),
        ({"before": "nonsense"}, "before"),
        ({"before": cursor, "order": NEWEST}, "before"),
        ({"after": cursor, "order": NEWEST}, "after"),
    ):
        [error] = told.here.register.errors(told.here.reviewer, HISTORY, id=told.request, **arguments)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": wrong}, error


def test_a_count_is_of_what_the_viewer_sees(told: Told) -> None:
    """Nobody learns from it how many events they may not see."""
    here = told.here
    evidence = {"summary": "EXERCISE: a photograph.", "sourceReliability": "B", "informationCredibility": "TWO"}
    incident = here.incident()["id"]
    here.on_incident(here.reviewer, "recordEvidence", incident, marking="RED", **evidence)
    document = f"query ($at: Position, $id: ID) {{ incident(id: $id, atLeast: $at) {{ history {PAGE} }} }}"
    for who, expected in ((here.reviewer, 2), (here.requester, 1)):
        history = here.ask(who, document, id=incident)["incident"]["history"]
        trail = told.trail(who, filter={"subject": incident})
        assert history["totalCount"] == trail["totalCount"] == len(history["edges"]) == expected
    assert told.trail(here.outsider)["totalCount"] == 0


def test_events_are_found_by_when_they_happened(told: Told) -> None:
    """What is not imported happens when it is recorded."""
    document = (
        "query ($at: Position, $filter: AuditFilter) { auditTrail(filter: $filter, atLeast: $at) {"
        " totalCount edges { node { recordedAt } } } }"
    )
    subject = {"subject": told.request}
    listed = [
        each["node"]["recordedAt"]
        for each in told.here.ask(told.here.reviewer, document, filter=subject)["auditTrail"]["edges"]
    ]
    assert all(one < other for one, other in pairwise(listed))
    found = told.here.ask(
        told.here.reviewer, document, filter={**subject, "occurredFrom": listed[2], "occurredUntil": listed[5]}
    )
    assert [each["node"]["recordedAt"] for each in found["auditTrail"]["edges"]] == listed[2:5]
    assert found["auditTrail"]["totalCount"] == 3


def test_a_day_is_all_of_it(told: Told) -> None:
    """Which day it is may change while the test runs: the days are those of the events."""
    document = """query ($at: Position, $filter: AuditFilter) {
      auditTrail(filter: $filter, atLeast: $at) { totalCount edges { node { recordedAt } } } }"""
    subject = {"subject": told.request}
    found = told.here.ask(told.here.reviewer, document, filter=subject)["auditTrail"]["edges"]
    days = [edge["node"]["recordedAt"][:10] for edge in (found[0], found[-1])]
    of_days = {**subject, "recordedFrom": days[0], "recordedUntil": days[1], "occurredUntil": days[1]}
    assert told.here.ask(told.here.reviewer, document, filter=of_days)["auditTrail"]["totalCount"] == 7
    before = (date.fromisoformat(days[0]) - timedelta(days=1)).isoformat()
    for none in ({"recordedUntil": before}, {"occurredUntil": before}):
        assert told.here.ask(told.here.reviewer, document, filter={**subject, **none})["auditTrail"]["totalCount"] == 0


def test_the_last_instant_of_a_day_is_read_as_of_it(told: Told) -> None:
    document = "query ($id: ID, $day: DateTime) { deploymentRequest(id: $id, asOf: $day) { status } }"
    today = datetime.now(UTC).date()
    found = told.here.ask(told.here.reviewer, document, id=told.request, day=f"{today - timedelta(days=1)}")
    assert found == {"deploymentRequest": None}
    tomorrow = f"{today + timedelta(days=1)}"
    [error] = told.here.register.errors(told.here.reviewer, document, id=told.request, day=tomorrow)
    assert error["message"].startswith(f"asOf: {tomorrow}T23:59:59.999999Z has not come yet")


def test_a_command_takes_no_day(told: Told) -> None:
    period = {"start": "2035-01-10", "end": "2035-02-10T06:00:00Z"}
    refused = told.here.request(period=period, fields="id")
    assert refused["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in refused["fields"]] == ["period.start"]


def test_a_request_tells_who_submitted_it(told: Told) -> None:
    found = told.here.ask(told.here.reviewer, HISTORY, id=told.request, first=1)
    assert found["deploymentRequest"]["submittedBy"] == {"subject": told.here.requester.subject}
