"""The case that the project exists for, through HTTP: what is recorded, what is shown, and what survives a rebuild."""

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served

STORY = [
    "RequestSubmitted",
    "ReviewBegun",
    "RequestWithheld",
    "ReviewResumed",
    "RequestAmended",
    "RequestEndorsed",
    "RequestApproved",
    "FulfilmentReported",
    "ApprovalQuestioned",
    "ApprovalConfirmed",
    "ExtensionAsked",
    "ExtensionEndorsed",
    "ExtensionGranted",
]

REQUEST = """
query ($id: ID!, $at: Position) {
  deploymentRequest(id: $id, atLeast: $at) {
    reference status version revision strength region answerBy
    requestingAuthority { code } decidingAuthority { code }
    incidents { reference region attributionStatus attribution { responsibleParty likelihood confidence }
                referredTo { code } corrections { state proposedBy { subject } settledBy { subject } } }
    hold { reason }
    endorsements { by { subject name } revision counts }
    extension { until }
    decision { outcome grantedStrength grantedPeriod { end } standing decidedAt
               decidedBy { subject } grounds { responsibleParty }
               conditions { text fulfilled fulfilmentReport } }
    history(first: 100) { edges { node {
      version type reason actor { subject name authority onBehalfOf { subject } } changes { path before after } } } }
  }
}"""


def test_the_demo_case_reaches_its_end(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    request = served.data(auditor, REQUEST, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    assert request["status"] == "APPROVED"
    assert (request["strength"], request["decision"]["grantedStrength"], request["revision"]) == (80, 60, 2)
    assert request["decidingAuthority"] == {"code": "kfor"}
    assert request["hold"] is None
    [incident] = request["incidents"]
    assert incident["referredTo"] == [{"code": "exercise-police"}]
    assert incident["region"] == "xk/north/zubin-potok/varage"
    assert incident["corrections"] == [
        {"state": "ACCEPTED", "proposedBy": {"subject": "engineer"}, "settledBy": {"subject": "investigator"}}
    ]
    [condition] = request["decision"]["conditions"]
    assert condition["fulfilled"]
    assert request["decision"]["decidedAt"] < request["answerBy"], "it is answered in time"
    assert request["extension"] is None
    asked, *_, granted = [edge["node"] for edge in request["history"]["edges"][-3:]]
    assert [each["after"]["until"] for each in asked["changes"]] == [request["decision"]["grantedPeriod"]["end"]]
    assert granted["actor"]["subject"] == "duty-officer"
    assert granted["actor"]["onBehalfOf"] == {"subject": "approver"}
    events = [edge["node"] for edge in request["history"]["edges"]]
    assert [event["type"] for event in events] == STORY
    assert [event["version"] for event in events] == list(range(1, len(STORY) + 1))
    withheld = events[2]
    assert withheld["actor"] == {
        "subject": "reviewer",
        "name": "Reviewing officer",
        "authority": "kfor",
        "onBehalfOf": None,
    }
    assert {"path": "status", "before": "UNDER_REVIEW", "after": "WITHHELD_PENDING_ATTRIBUTION"} in withheld["changes"]


def test_a_rebuild_makes_the_same_rows(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    before = served.data(auditor, REQUEST, id=demo_case.request, at=demo_case.position)
    said = served.run("rebuild")
    assert said.returncode == 0, said.stderr
    assert served.data(auditor, REQUEST, id=demo_case.request, at=demo_case.position) == before


def test_invented_content_is_marked_as_exercise(served: Served, demo_case: DemoCase) -> None:
    """Whatever goes beyond the sources is marked EXERCISE."""
    auditor = served.token("auditor", "kfor", "auditor")
    request = served.data(auditor, REQUEST, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    for edge in request["history"]["edges"][3:]:
        reason = edge["node"]["reason"]
        assert reason is None or reason.startswith("EXERCISE") or edge["node"]["actor"]["subject"] == "system"


def test_automatic_reactions_name_their_cause(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    document = """query ($after: String) { auditTrail(filter: {actor: "system"}, first: 100, after: $after) {
        edges { node { type causationId correlationId subject { id } actor { authority } } } } }"""
    events = [edge["node"] for edge in served.data(auditor, document)["auditTrail"]["edges"]]
    own = [event for event in events if event["subject"]["id"] == demo_case.request]
    assert [event["type"] for event in own] == ["ReviewResumed", "ApprovalQuestioned"]
    causes = """query ($types: [String!]) { auditTrail(filter: {type: $types}, first: 100) {
        edges { node { position correlationId } } } }"""
    for event, type_ in zip(own, ("IncidentAttributed", "AttributionRetracted"), strict=True):
        found = served.data(auditor, causes, types=[type_])["auditTrail"]["edges"]
        assert {"position": event["causationId"], "correlationId": event["correlationId"]} in [e["node"] for e in found]
        assert event["actor"]["authority"] == "register"
