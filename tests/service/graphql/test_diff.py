"""What changed between two versions of a request, in the terms of the API, as far as somebody may see it."""

from typing import Any

import pytest

from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario

CHANGES = """query ($id: ID!, $from: Int!, $to: Int, $asOf: DateTime, $version: Int, $at: Position) {
    deploymentRequest(id: $id, asOf: $asOf, version: $version, atLeast: $at) {
      updatedAt changes(fromVersion: $from, toVersion: $to) { path before after } } }"""


class Case:
    """A request that was amended twice, taken up, and amended again."""

    def __init__(self, here: Scenario) -> None:
        self.here = here
        self.open, self.hidden = here.incident()["id"], here.incident(here.reviewer)["id"]
        self.request = here.request(strength=60)["id"]
        self.amend(strength=40, purpose="EXERCISE: the road.")
        self.amend(strength=60, period={"start": "2035-01-11T06:00:00Z", "end": "2035-02-10T06:00:00Z"})
        here.on_request(here.reviewer, "beginReview", self.request)
        self.amend(incidents=[self.open])
        held: dict[str, Any] = {"awaiting": [self.open, self.hidden]}
        here.on_request(here.reviewer, "withholdDeploymentRequest", self.request, **held)

    def amend(self, **values: Any) -> None:
        answer = self.here.on_request(self.here.requester, "amendDeploymentRequest", self.request, **values)
        assert answer["__typename"] == "DeploymentRequestRecorded", answer

    def changes(self, first: int, last: int | None = None, who: Person | None = None, **when: Any) -> list[Answer]:
        variables = {"id": self.request, "from": first, "to": last, **when}
        found = self.here.ask(who or self.here.reviewer, CHANGES, **variables)["deploymentRequest"]
        return list(found["changes"])


@pytest.fixture(scope="module")
def case(register: ApiClient) -> Case:
    return Case(scenario(register))


def change(path: str, before: object, after: object) -> Answer:
    return {"path": path, "before": before, "after": after}


def test_what_differs_is_reported_at_the_deepest_field(case: Case) -> None:
    assert case.changes(1, 3) == [
        change("revision", 1, 3),
        change("purpose", "EXERCISE: secure the canal.", "EXERCISE: the road."),
        change("period.start", "2035-01-10T06:00:00.000000Z", "2035-01-11T06:00:00.000000Z"),
    ]
    assert change("strength", 60, 40) in case.changes(1, 2)
    assert case.changes(3, 4) == [change("status", "SUBMITTED", "UNDER_REVIEW")]
    assert case.changes(2, 2) == []


def test_it_is_reported_in_either_direction(case: Case) -> None:
    forward, back = case.changes(1, 3), case.changes(3, 1)
    assert back == [change(each["path"], each["after"], each["before"]) for each in forward]


def test_the_last_version_is_that_which_the_request_has_where_it_is_asked(case: Case) -> None:
    assert case.changes(3) == case.changes(3, 6)
    assert case.changes(3, version=4) == case.changes(3, 4)
    then = case.here.ask(case.here.reviewer, CHANGES, id=case.request, version=5, **{"from": 1})["deploymentRequest"]
    assert case.changes(3, asOf=then["updatedAt"]) == case.changes(3, 5)


@pytest.mark.parametrize(
    ("first", "last", "when", "argument"),
    [
        (0, None, {}, "fromVersion"),
        (-1, 2, {}, "fromVersion"),
        (7, 2, {}, "fromVersion"),
        (1, 7, {}, "toVersion"),
        (1, 0, {}, "toVersion"),
        (1, 5, {"version": 4}, "toVersion"),
        (2**31 - 1, None, {}, "fromVersion"),
    ],
)
def test_versions_that_it_has_not_had_are_refused(
    case: Case, first: int, last: int | None, when: dict[str, int], argument: str
) -> None:
    variables = {"id": case.request, "from": first, "to": last, "at": case.here.register.position, **when}
    [error] = case.here.register.errors(case.here.reviewer, CHANGES, **variables)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    assert f"versions 1 to {when.get('version', 6)}" in error["message"]


def test_each_event_shows_the_changes_between_the_versions_around_it(case: Case) -> None:
    document = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
        history { edges { node { version changes { path before after } } } } } }"""
    for who in (case.here.reviewer, case.here.requester):
        edges = case.here.ask(who, document, id=case.request)["deploymentRequest"]["history"]["edges"]
        assert len(edges) == 6
        for edge in edges[1:]:
            version = edge["node"]["version"]
            assert edge["node"]["changes"] == case.changes(version - 1, version, who)


def test_an_incident_that_one_may_not_see_is_not_named(case: Case) -> None:
    changes = case.changes(4, 6)
    assert change("incidents.1", None, case.hidden) in changes
    assert [each["after"]["awaiting"] for each in changes if each["path"] == "hold"] == [[case.open, case.hidden]]
    as_requester = case.changes(4, 6, case.here.requester)
    assert case.hidden not in str(as_requester)
    assert change("incidents.0", None, case.open) in as_requester
    assert [each["after"]["awaiting"] for each in as_requester if each["path"] == "hold"] == [[case.open]]
