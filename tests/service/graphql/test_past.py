"""What the register said at an instant or at a version: items, lists and counts, as somebody may see them now."""

from typing import Any

import pytest

from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario

REQUEST = """id version status strength hold { overdue reviewBy awaiting { attributionStatus } } availableActions
    incidents { reference version attributionStatus referredTo { code } evidence { summary }
        attribution { responsibleParty } deploymentRequests { status } }
    decision { reason grounds { responsibleParty likelihood incident { version } } }
    decidingAuthority { mandates { region validUntil } }
    history(first: 50) { pageInfo { hasNextPage } edges { cursor node { type version position
        subject { ... on DeploymentRequest { version status } } } } }
    explanation { status because { type } actions { action possible availableToViewer rules { rule description met } } }
"""
ONE = f"""query ($id: ID!, $asOf: DateTime, $version: Int, $at: Position) {{
    deploymentRequest(id: $id, asOf: $asOf, version: $version, atLeast: $at) {{ {REQUEST} }} }}"""
TRAIL = """query ($subject: ID!, $at: Position) { auditTrail(filter: {subject: $subject}, first: 100, atLeast: $at) {
    edges { node { type position recordedAt } } } }"""


class Case:
    """A request that was held for an incident, released by hand, approved, and questioned by nobody yet."""

    def __init__(self, here: Scenario) -> None:
        self.here = here
        self.incident = here.incident()["id"]
        self.request = here.request(incidents=[self.incident])["id"]
        self.do(here.reviewer, "beginReview")
        held = {"awaiting": [self.incident], "reviewBy": "2035-01-01T00:00:00Z"}
        self.do(here.reviewer, "withholdDeploymentRequest", **held)
        here.on_incident(here.reviewer, "recordEvidence", self.incident)
        here.on_incident(here.reviewer, "attributeIncident", self.incident)
        self.do(here.reviewer, "resumeReview")
        self.do(here.reviewer, "endorseDeploymentRequest", recommendation="APPROVE")
        self.do(here.approver, "approveDeploymentRequest")
        here.on_incident(here.reviewer, "referIncident", self.incident, authority=here.outsider.authority)
        here.on_incident(here.reviewer, "retractAttribution", self.incident)
        mandate = {"authority": here.reviewer.authority, "region": here.name, "reason": "EXERCISE: over."}
        here.register.command(ADMINISTRATOR, "endMandate", "EndMandateInput", mandate)

    def do(self, who: Person, mutation: str, **values: Any) -> None:
        answer = self.here.on_request(who, mutation, self.request, **values)
        assert answer["__typename"] == "DeploymentRequestRecorded", answer

    def recorded(self, subject: str, type: str) -> str:
        """When the first event of a type was recorded."""
        edges = self.here.ask(self.here.auditor, TRAIL, subject=subject)["auditTrail"]["edges"]
        return str(next(edge["node"]["recordedAt"] for edge in edges if edge["node"]["type"] == type))

    def at(self, who: Person, **when: Any) -> Answer:
        found: Answer = self.here.ask(who, ONE, id=self.request, **when)["deploymentRequest"]
        return found


@pytest.fixture(scope="module")
def case(register: ApiClient) -> Case:
    return Case(scenario(register))


def test_a_request_and_all_that_is_reached_from_it_is_as_it_was_then(case: Case) -> None:
    held = case.at(case.here.reviewer, asOf=case.recorded(case.request, "RequestWithheld"))
    assert (held["status"], held["version"], held["decision"]) == ("WITHHELD_PENDING_ATTRIBUTION", 3, None)
    [incident] = held["incidents"]
    assert (incident["version"], incident["attributionStatus"], incident["attribution"]) == (1, "OPEN", None)
    assert incident["evidence"] == incident["referredTo"] == []
    assert incident["deploymentRequests"] == [{"status": "WITHHELD_PENDING_ATTRIBUTION"}]
    assert held["hold"]["awaiting"] == [{"attributionStatus": "OPEN"}]
    assert held["decidingAuthority"]["mandates"] == [{"region": case.here.name, "validUntil": None}]
    assert [edge["node"]["type"] for edge in held["history"]["edges"]] == [
        "RequestSubmitted", "ReviewBegun", "RequestWithheld",
    ]  # fmt: skip
    assert held["history"]["pageInfo"]["hasNextPage"] is False


def test_a_version_is_the_instant_at_which_it_was_recorded(case: Case) -> None:
    for version, name in ((1, "RequestSubmitted"), (3, "RequestWithheld"), (6, "RequestApproved")):
        by_version = case.at(case.here.reviewer, version=version)
        by_instant = case.at(case.here.reviewer, asOf=case.recorded(case.request, name))
        assert by_version["version"] == version
        for one in (by_version, by_instant):
            for edge in one["history"]["edges"]:
                del edge["cursor"]
        assert by_version == by_instant


def test_the_newest_version_does_not_change_with_what_is_recorded_elsewhere(case: Case) -> None:
    approved, now = case.at(case.here.reviewer, version=6), case.at(case.here.reviewer)
    assert now["version"] == 6
    assert (approved["incidents"][0]["attributionStatus"], now["incidents"][0]["attributionStatus"]) == (
        "ATTRIBUTED", "OPEN",
    )  # fmt: skip
    mandates = [each["decidingAuthority"]["mandates"][0]["validUntil"] for each in (approved, now)]
    assert mandates[0] is None
    assert mandates[1] is not None


def test_a_version_that_was_not_yet_recorded_then_is_not_there(case: Case) -> None:
    then = case.recorded(case.request, "RequestWithheld")
    assert case.at(case.here.reviewer, version=4, asOf=then) is None
    assert case.at(case.here.reviewer, version=0, asOf=then) is None
    earlier = case.at(case.here.reviewer, version=2, asOf=then)
    assert (earlier["version"], earlier["status"]) == (2, "UNDER_REVIEW")
    assert earlier == case.at(case.here.reviewer, version=2)


def test_what_may_be_done_to_it_is_always_of_now(case: Case) -> None:
    here = case.here
    for who in (here.requester, here.reviewer, here.approver):
        now = case.at(who)["availableActions"]
        assert now
        for when in ({"version": 1}, {"version": 3}, {"asOf": case.recorded(case.request, "RequestWithheld")}):
            assert case.at(who, **when)["availableActions"] == now


def test_a_past_state_is_explained_by_the_rules_findings_and_mandates_of_then(case: Case) -> None:
    def rules(action: str, **when: Any) -> dict[str, tuple[bool, str]]:
        actions = case.at(case.here.approver, **when)["explanation"]["actions"]
        [outlook] = [each for each in actions if each["action"] == action]
        return {rule["rule"]: (rule["met"], rule["description"]) for rule in outlook["rules"]}

    held = rules("RESUME_REVIEW", version=3)["HOLD"]
    assert held[0] is False
    assert held[1].endswith("which has none.")
    found = rules("RESUME_REVIEW", asOf=case.recorded(case.incident, "IncidentAttributed"))
    assert (found["HOLD_LIKELIHOOD"][0], found["HOLD_CONFIDENCE"][0]) == (True, True)
    assert rules("APPROVE", version=4)["MANDATE"][0] is True
    assert rules("APPROVE", version=4)["ENDORSEMENTS"][0] is False
    assert rules("APPROVE", version=5)["ENDORSEMENTS"][0] is True
    because = case.at(case.here.approver, version=4)["explanation"]["because"]
    assert [event["type"] for event in because] == [
        "RequestSubmitted", "ReviewBegun", "RequestWithheld", "ReviewResumed",
    ]  # fmt: skip


def test_a_decision_shows_its_grounds_as_of_then(case: Case) -> None:
    [then] = case.at(case.here.reviewer, version=6)["decision"]["grounds"]
    [now] = case.at(case.here.reviewer)["decision"]["grounds"]
    assert then["responsibleParty"] == now["responsibleParty"] == "EXERCISE party"
    assert then["incident"]["version"] < now["incident"]["version"]


def test_the_history_of_a_past_state_ends_there_and_knows_its_subject_as_of_then(case: Case) -> None:
    edges = case.at(case.here.reviewer, version=2)["history"]["edges"]
    assert [edge["node"]["version"] for edge in edges] == [1, 2]
    assert {(edge["node"]["subject"]["version"], edge["node"]["subject"]["status"]) for edge in edges} == {
        (2, "UNDER_REVIEW")
    }
    document = """query ($id: ID!, $asOf: DateTime, $after: String, $at: Position) {
        incident(id: $id, asOf: $asOf, atLeast: $at) { version
          history(first: 2, after: $after) { pageInfo { hasNextPage endCursor } edges { node { type } } } } }"""
    then = case.recorded(case.incident, "IncidentAttributed")
    first = case.here.ask(case.here.reviewer, document, id=case.incident, asOf=then)["incident"]
    assert (first["version"], first["history"]["pageInfo"]["hasNextPage"]) == (3, True)
    after = first["history"]["pageInfo"]["endCursor"]
    rest = case.here.ask(case.here.reviewer, document, id=case.incident, asOf=then, after=after)["incident"]["history"]
    assert [edge["node"]["type"] for edge in rest["edges"]] == ["IncidentAttributed"]
    assert rest["pageInfo"]["hasNextPage"] is False
    [error] = case.here.register.errors(case.here.reviewer, document, id=case.incident, after=after)
    assert error["extensions"]["argument"] == "after"


def test_past_states_are_visible_by_present_rights(case: Case) -> None:
    """The incident was referred to the outsider after all of it had happened."""
    outsider, document = (
        case.here.outsider,
        """query ($id: ID!, $asOf: DateTime, $at: Position) {
        incident(id: $id, asOf: $asOf, atLeast: $at) { version referredTo { code } evidence { summary }
          attribution { evidence { summary } } deploymentRequests { id } history { edges { node { type } } } } }""",
    )
    then = case.recorded(case.incident, "IncidentAttributed")
    found = case.here.ask(outsider, document, id=case.incident, asOf=then)["incident"]
    assert (found["version"], found["referredTo"]) == (3, [])
    assert [piece["summary"] for piece in found["evidence"]] == ["EXERCISE: a photograph."]
    assert len(found["history"]["edges"]) == 3
    assert found["deploymentRequests"] == []
    assert case.at(outsider, asOf=then) is None


def test_an_instant_before_everything_knows_nothing(case: Case) -> None:
    long_ago = "2001-01-01T00:00:00+02:00"
    assert case.at(case.here.reviewer, asOf=long_ago) is None
    document = """query ($id: ID!, $asOf: DateTime) { incident(id: $id, asOf: $asOf) { id }
        deploymentRequests(asOf: $asOf) { totalCount edges { cursor } }
        incidents(asOf: $asOf) { totalCount edges { cursor } } situation(asOf: $asOf) { region } }"""
    nothing = {"totalCount": 0, "edges": []}
    assert case.here.ask(case.here.auditor, document, id=case.incident, asOf=long_ago) == {
        "incident": None, "deploymentRequests": nothing, "incidents": nothing, "situation": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "field",
    [
        'deploymentRequest(id: "x", asOf: $asOf) { id }',
        'incident(reference: "x", asOf: $asOf) { id }',
        "deploymentRequests(asOf: $asOf) { totalCount edges { cursor } }",
        "incidents(asOf: $asOf) { totalCount edges { cursor } }",
        "situation(asOf: $asOf) { region }",
    ],
)
def test_a_future_instant_is_refused(case: Case, field: str) -> None:
    [error] = case.here.register.errors(
        case.here.auditor, f"query ($asOf: DateTime) {{ {field} }}", asOf="2999-01-01T00:00:00Z"
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "asOf"}
    assert "has not come yet" in error["message"]
    assert error["path"]


def test_one_is_found_by_its_reference_as_of_then(case: Case) -> None:
    document = """query ($reference: String, $asOf: DateTime, $at: Position) {
        deploymentRequest(reference: $reference, asOf: $asOf, atLeast: $at) { version } }"""
    reference = f"{case.here.name}-asker-{case.recorded(case.request, 'RequestSubmitted')[:4]}-0001"
    for name, version in (("RequestSubmitted", 1), ("RequestWithheld", 3)):
        then = case.recorded(case.request, name)
        found = case.here.ask(case.here.reviewer, document, reference=reference, asOf=then)["deploymentRequest"]
        assert found == {"version": version}
