"""Every command through the API: what it answers, and that the views come to say the same."""

from typing import Any

import pytest

from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario

REQUEST = """
    reference status version revision force strength region purpose period { start end } marking recipients
    requestingAuthority { id code name } decidingAuthority { id code name mandates { region endorsementsRequired } }
    incidents { id reference version attributionStatus }
    extension { until reason askedAt askedBy { subject } endorsements { by { subject } recommendation reason counts } }
    hold { reason awaiting { id } minimumLikelihood minimumConfidence reviewBy overdue heldSince heldBy { subject } }
    endorsements { by { subject authority roles } recommendation reason revision endorsedAt counts }
    decision {
      outcome reason decidedAt decidedBy { subject } conditions {
        id text dueBy state fulfilled fulfilmentReport fulfilledAt sentBackReason acceptedAt acceptedBy { subject } }
      validUntil grantedStrength grantedPeriod { start end } standing
      grounds { incident { id } responsibleParty likelihood confidence basis evidence { id } foundAt foundBy { name } }
    }
    submittedAt updatedAt availableActions
    history { edges { node { position type version reason changes { path before after } payload redactions } } }
"""
INCIDENT = """
    reference version kind description region location { latitude longitude description } occurredAt reportedAt
    reportedBy { subject name } marking recipients attributionStatus
    attribution { incident { id } responsibleParty likelihood confidence basis evidence { id } foundAt }
    evidence { id summary marking sourceReliability informationCredibility sha256 uri recordedAt recordedBy { name } }
    referredTo { code name } deploymentRequests { id reference }
    history { edges { node { position type version reason changes { path before after } payload redactions } } }
"""

PERIOD = {"start": "2035-01-11T00:00:00Z", "end": "2035-02-01T00:00:00Z"}


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def shown(here: Scenario, who: Any, kind: str, id: str, fields: str) -> Any:
    """The same subject by a query, at least as of the last command."""
    answer = here.ask(
        who, f"query ($id: ID!, $at: Position) {{ {kind}(id: $id, atLeast: $at) {{ id {fields} }} }}", id=id
    )
    return answer[kind]


def test_a_request_goes_all_its_way_and_each_answer_is_what_the_views_show(here: Scenario) -> None:
    incident = here.attributed()
    request = here.request(fields=REQUEST, incidents=[incident["id"]])
    again = here.incident()
    steps: list[tuple[Any, str, dict[str, Any]]] = [
        (here.requester, "amendDeploymentRequest", {"strength": 50, "period": PERIOD, "region": f"{here.name}/north"}),
        (here.reviewer, "beginReview", {}),
        (here.reviewer, "withholdDeploymentRequest", {"awaiting": [again["id"]], "reviewBy": "2034-12-01T00:00:00Z"}),
        (here.reviewer, "resumeReview", {}),
        (here.reviewer, "endorseDeploymentRequest", {"recommendation": "DENY"}),
        (here.reviewer, "changeEndorsement", {"recommendation": "APPROVE"}),
        (here.reviewer, "remarkOnDeploymentRequest", {"internal": True}),
        (here.of("decider", "zoe", *here.reviewer.roles), "recuseFromDeploymentRequest", {}),
        (here.approver, "approveDeploymentRequest", {"strength": 40, "conditions": [{"text": "EXERCISE: report."}]}),
        (here.requester, "askExtension", {"until": "2036-03-10T06:00:00Z"}),
        (here.reviewer, "endorseExtension", {"recommendation": "APPROVE"}),
        (here.approver, "grantExtension", {}),
        (here.requester, "askExtension", {"until": "2036-04-10T06:00:00Z"}),
        (here.approver, "refuseExtension", {}),
        (here.approver, "revokeApproval", {}),
    ]  # fmt: skip
    assert request.pop("__typename") == "DeploymentRequestRecorded"
    assert request == shown(here, here.requester, "deploymentRequest", request["id"], REQUEST)
    for who, mutation, values in steps:
        answer = here.on_request(who, mutation, request["id"], REQUEST, **values)
        assert answer.pop("__typename") == "DeploymentRequestRecorded", (mutation, answer)
        assert answer == shown(here, who, "deploymentRequest", request["id"], REQUEST)
        request = answer
    assert request["status"] == "REVOKED"
    assert request["version"] == 16
    assert [(each["recommendation"], each["counts"]) for each in request["endorsements"]] == [
        ("DENY", False),
        ("APPROVE", True),
    ]
    assert [edge["node"]["version"] for edge in request["history"]["edges"]] == list(range(1, 17))
    assert request["decision"]["grantedPeriod"]["end"] == "2036-03-10T06:00:00.000000Z"
    condition = request["decision"]["conditions"][0]["id"]
    done = here.on_request(
        here.requester, "reportFulfilment", request["id"], REQUEST, condition=condition, report="EXERCISE: done."
    )
    assert done["decision"]["conditions"][0]["fulfilmentReport"] == "EXERCISE: done."
    assert [ground["incident"]["id"] for ground in done["decision"]["grounds"]] == [incident["id"]]


def test_a_fulfilment_is_sent_back_and_reported_again_and_accepted(here: Scenario) -> None:
    decided = here.decided()
    condition, request = decided["decision"]["conditions"][0]["id"], decided["id"]
    state = "decision { conditions { state fulfilled sentBackReason acceptedAt acceptedBy { subject } } }"

    def after(who: Any, mutation: str, **values: Any) -> Any:
        answer = here.on_request(who, mutation, request, state, condition=condition, **values)
        assert answer["__typename"] == "DeploymentRequestRecorded", answer
        shown_to_requester = shown(here, here.requester, "deploymentRequest", request, state)
        assert shown_to_requester["decision"] == answer["decision"]
        return answer["decision"]["conditions"][0]

    reported = after(here.requester, "reportFulfilment", report="EXERCISE: done.")
    assert (reported["state"], reported["fulfilled"], reported["acceptedBy"]) == ("REPORTED", True, None)
    back = after(here.approver, "sendBackFulfilment", reason="EXERCISE: not yet.")
    assert (back["state"], back["fulfilled"], back["sentBackReason"]) == ("SENT_BACK", False, "EXERCISE: not yet.")
    again = after(here.requester, "reportFulfilment", report="EXERCISE: now.")
    assert (again["state"], again["sentBackReason"]) == ("REPORTED", None)
    accepted = after(here.approver, "acceptFulfilment")
    assert (accepted["state"], accepted["acceptedBy"]) == ("ACCEPTED", {"subject": here.approver.subject})
    assert accepted["acceptedAt"] is not None


def test_an_extension_is_shown_until_it_is_decided_and_its_endorsements_to_those_who_decide(here: Scenario) -> None:
    request = here.decided()["id"]
    state = (
        "status availableActions decision { grantedPeriod { end } } extension { until reason askedBy { subject } "
        "endorsements { recommendation reason revision counts by { subject } } }"
    )
    early = here.on_request(here.requester, "askExtension", request, until="2035-02-10T06:00:00Z")
    assert (early["__typename"], [each["path"] for each in early["fields"]]) == ("InvalidInput", ["until"])
    asked = here.on_request(here.requester, "askExtension", request, state, until="2035-03-10T06:00:00Z")
    assert asked["extension"] == {
        "until": "2035-03-10T06:00:00.000000Z",
        "reason": "EXERCISE: a reason.",
        "askedBy": {"subject": here.requester.subject},
        "endorsements": [],
    }
    endorsed = here.on_request(here.reviewer, "endorseExtension", request, state, recommendation="APPROVE")
    [one] = endorsed["extension"]["endorsements"]
    assert (one["recommendation"], one["counts"], one["by"]) == ("APPROVE", True, {"subject": here.reviewer.subject})
    for who, number in ((here.requester, 0), (here.reviewer, 1), (here.auditor, 1)):
        seen = shown(here, who, "deploymentRequest", request, state)
        assert (len(seen["extension"]["endorsements"]), seen["decision"]) == (number, asked["decision"])
    assert "GRANT_EXTENSION" in shown(here, here.approver, "deploymentRequest", request, state)["availableActions"]
    granted = here.on_request(here.approver, "grantExtension", request, state)
    assert (granted["status"], granted["extension"]) == ("APPROVED", None)
    assert granted["decision"]["grantedPeriod"]["end"] == "2035-03-10T06:00:00.000000Z"


def test_the_other_ends(here: Scenario) -> None:
    withdrawn = here.on_request(here.requester, "withdrawDeploymentRequest", here.request()["id"])
    assert withdrawn["status"] == "WITHDRAWN"
    denied = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", denied)
    answer = here.on_request(
        here.approver, "denyDeploymentRequest", denied, "status decision { outcome grantedStrength }"
    )
    assert answer["decision"] == {"outcome": "DENIED", "grantedStrength": None}
    confirmed = here.on_request(here.approver, "confirmApproval", here.decided()["id"])
    assert confirmed["__typename"] == "TransitionRefused"
    assert confirmed["status"] == "APPROVED"
    assert set(confirmed["available"]) == {"REVOKE", "REMARK", "CHANGE_MARKING"}


def test_an_incident_goes_all_its_way(here: Scenario) -> None:
    location = {"latitude": 42.95, "longitude": 20.7, "description": "EXERCISE: at the canal."}
    incident = here.incident(fields=INCIDENT, location=location, marking="GREEN")
    assert incident.pop("__typename") == "IncidentRecorded"
    assert incident["location"] == location
    moved = f"{here.name}/north/village"
    steps: list[tuple[str, dict[str, Any]]] = [
        ("correctIncident", {"region": moved, "occurredAt": "2024-11-29T18:30:00.000000Z", "kind": None}),
        ("recordEvidence", {"sha256": "a" * 64, "uri": "file:///evidence", "marking": "AMBER"}),
        ("attributeIncident", {}),
        ("attributeIncident", {"responsibleParty": None}),
        ("retractAttribution", {}),
        ("attributeIncident", {"likelihood": "LIKELY"}),
        ("referIncident", {"authority": f"{here.name}-asker"}),
        ("answerReferral", {}),
    ]
    for mutation, values in steps:
        who = here.requester if mutation == "answerReferral" else here.reviewer
        answer = here.on_incident(who, mutation, incident["id"], INCIDENT, **values)
        assert answer.pop("__typename") == "IncidentRecorded", (mutation, answer)
        assert answer == shown(here, here.reviewer, "incident", incident["id"], INCIDENT)
        incident = answer
    assert [event["node"]["type"] for event in incident["history"]["edges"]] == [
        "IncidentReported", "IncidentCorrected", "EvidenceRecorded", "IncidentAttributed", "IncidentAttributed",
        "AttributionRetracted", "IncidentAttributed", "IncidentReferred", "ReferralAnswered",
    ]  # fmt: skip
    assert incident["history"]["edges"][1]["node"]["changes"] == [
        {"path": "region", "before": here.region, "after": moved},
        {"path": "occurredAt", "before": "2024-11-29T18:00:00.000000Z", "after": "2024-11-29T18:30:00.000000Z"},
    ]
    assert (incident["region"], incident["kind"]) == (moved, "explosion")
    assert incident["referredTo"][0]["code"] == f"{here.name}-asker"


EVENTS = """events {
    position subject { __typename id } version type recordedAt occurredAt actor { subject name authority roles } reason
    correlationId causationId changes { path before after } payload redactions
}"""
TRAIL = """query ($id: ID, $at: Position) {
    auditTrail(filter: { subject: $id }, first: 100, atLeast: $at) { edges { node { position subject { __typename id }
    version type recordedAt occurredAt actor { subject name authority roles } reason correlationId causationId
    changes { path before after } payload redactions } } }
}"""


def test_the_events_that_an_answer_shows_are_those_of_the_audit_trail(here: Scenario, register: ApiClient) -> None:
    incident = here.attributed()
    submit = f"""mutation ($input: SubmitDeploymentRequestInput!) {{ submitDeploymentRequest(input: $input) {{
        ... on DeploymentRequestRecorded {{ position deploymentRequest {{ id }} {EVENTS} }} }} }}"""
    values = {
        "force": "f", "strength": 1, "region": here.region, "purpose": "p", "incidents": [incident["id"]],
        "period": {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"},
    }  # fmt: skip
    recorded = register.ask(here.requester, submit, input=values)["submitDeploymentRequest"]
    trail = register.ask(here.requester, TRAIL, id=recorded["deploymentRequest"]["id"], at=recorded["position"])
    assert recorded["events"] == [edge["node"] for edge in trail["auditTrail"]["edges"]]
    assert recorded["events"][0]["payload"]["incidents"] == [incident["id"]]


def test_the_events_on_mandates_are_reported_alike(here: Scenario, register: ApiClient) -> None:
    code = f"{here.name}-other"
    recorded: Any = {}
    for mutation, kind, values in (
        ("grantMandate", "GrantMandateInput", {"authority": code, "region": f"{code}/a", "legalBasis": "l"}),
        ("grantMandate", "GrantMandateInput", {"authority": code, "region": f"{code}/b", "legalBasis": "l"}),
        ("endMandate", "EndMandateInput", {"authority": code, "region": f"{code}/a", "reason": "r"}),
    ):
        document = f"""mutation ($input: {kind}!) {{ {mutation}(input: $input) {{
            ... on AuthorityRecorded {{ position authority {{ id name mandates {{ region }} }} {EVENTS} }} }} }}"""
        recorded = register.ask(ADMINISTRATOR, document, input=values)[mutation]
        trail = register.ask(ADMINISTRATOR, TRAIL, id=recorded["authority"]["id"], at=recorded["position"])
        assert recorded["events"] == [trail["auditTrail"]["edges"][-1]["node"]]
    assert [mandate["region"] for mandate in recorded["authority"]["mandates"]] == [f"{code}/a", f"{code}/b"]
    assert recorded["events"][0]["changes"][0]["path"] == "mandates.0.validUntil"


def test_the_same_key_gives_the_first_outcome_again(here: Scenario) -> None:
    first = here.request(fields=REQUEST, idempotencyKey="k1")
    here.on_request(here.reviewer, "beginReview", first["id"])
    again = here.request(fields="id reference status version availableActions", idempotencyKey="k1")
    assert (again["id"], again["status"], again["version"]) == (first["id"], "SUBMITTED", 1)
    assert "REMARK" in again["availableActions"]
    assert here.request(idempotencyKey="k1", strength=61)["__typename"] == "IdempotencyConflict"


@pytest.mark.parametrize("key", ["", "   ", "k" * 201, "a\x00b", "\ud800"])
def test_a_key_that_cannot_be_one_is_named(here: Scenario, key: str) -> None:
    answer = here.request(idempotencyKey=key)
    assert answer["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in answer["fields"]] == ["idempotencyKey"]


def test_an_explicit_null_is_as_if_left_out(here: Scenario) -> None:
    request = here.request(incidents=None, recipients=None, idempotencyKey=None, fields="marking recipients")
    assert request["marking"] == "AMBER"
    amended = here.on_request(
        here.requester, "amendDeploymentRequest", request["id"], "strength force revision",
        force=None, strength=7, period=None, incidents=None, expectedVersion=None,
    )  # fmt: skip
    assert (amended["strength"], amended["force"], amended["revision"]) == (7, "Exercise Force", 2)


def test_each_refusal_is_a_member_of_the_result(here: Scenario) -> None:
    request = here.request()["id"]
    refused = here.on_request(here.requester, "beginReview", request)
    assert refused["__typename"] == "NotPermitted"
    refused = here.on_request(here.reviewer, "beginReview", request, expectedVersion=7)
    assert (refused["__typename"], refused["expected"], refused["actual"]) == ("VersionConflict", 7, 1)
    refused = here.on_request(here.reviewer, "resumeReview", request)
    assert (refused["__typename"], refused["status"]) == ("TransitionRefused", "SUBMITTED")
    assert "BEGIN_REVIEW" in refused["available"]
    for unknown in ("00000000-0000-4000-8000-000000000000", "nonsense", "", "\x00", "\ud800", request.replace("-", "")):
        assert here.on_request(here.reviewer, "beginReview", unknown)["__typename"] == "NotFound"
    refused = here.incident(here.of("nowhere", "nora"))
    assert refused["__typename"] == "NotPermitted"
