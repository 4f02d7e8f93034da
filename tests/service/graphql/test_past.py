"""What the register said at an instant or at a version: items, lists and counts, as somebody may see them now."""

from typing import Any

import pytest

from tests.service.graphql.register import Answer, Person, Register
from tests.service.graphql.world import ADMINISTRATOR, World, world

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

    def __init__(self, here: World) -> None:
        self.here = here
        self.incident = here.incident()["id"]
        self.request = here.request(incidents=[self.incident])["id"]
        self.do(here.reviewer, "beginReview")
        held = {"awaiting": [self.incident], "reviewBy": "2001-01-01T00:00:00Z"}
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
def case(register: Register) -> Case:
    return Case(world(register))


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
