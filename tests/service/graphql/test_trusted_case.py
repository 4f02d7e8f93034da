"""Every operation of the trusted documents, in a case that is played with them alone."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from graphql import OperationType

from domain.vocabulary import Role
from service.access.mail_confirmation import MailConfirmation
from service.graphql.execution.trusted_documents import TrustedDocuments, read_documents
from service.graphql.root import schema
from tests.databases import Databases
from tests.service.graphql.api_client import Answer, ApiClient, Person, served

CLERK = Person("clerk", "secretariat", (Role.ADMINISTRATOR,))
RITA = Person("rita", "asker", (Role.REQUESTER,))
RIO = Person("rio", "asker", (Role.REQUESTER,))
ROB = Person("rob", "decider", (Role.REVIEWER, Role.INVESTIGATOR))
RUTH = Person("ruth", "decider", (Role.REVIEWER, Role.INVESTIGATOR))
ADA = Person("ada", "decider", (Role.APPROVER,))
KEY = b"w" * 32
REASON = "EXERCISE: a reason."
PERIOD = {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"}
FINDING = {"likelihood": "VERY_LIKELY", "confidence": "HIGH", "basis": REASON, "responsibleParty": "EXERCISE"}


@dataclass
class Case:
    register: ApiClient
    position: str = "0"
    request: str = ""
    incident: str = ""
    condition: str = ""
    executed: set[str | None] = field(default_factory=set)
    """Names of operations."""

    def execute(self, who: Person, id: str, operation: str, /, **variables: Any) -> Any:
        self.executed.add(operation)
        body = {"documentId": id, "operationName": operation, "variables": variables}
        response = self.register.client.post("/graphql", json=body, headers=self.register.headers(who))
        answer = response.json()
        assert "errors" not in answer, (operation, answer)
        found = next((each for each in answer["data"].values() if each is not None), None)
        assert found is not None, operation
        return found

    def command(self, who: Person, id: str, operation: str, /, **input: Any) -> Answer:
        found: Answer = self.execute(who, id, operation, input=input)
        assert found["__typename"].endswith("Recorded"), (operation, found)
        self.position = found["position"]
        return found

    def on_request(self, who: Person, id: str, operation: str, /, **input: Any) -> str:
        given = {"id": self.request, "reason": REASON, **input}
        if operation in {"ReportFulfilment", "GiveNotice", "MakeStatement"}:
            del given["reason"]
        return str(self.command(who, id, operation, **given)["deploymentRequest"]["status"])

    def submit(self) -> None:
        terms = {"force": "EXERCISE", "strength": 60, "region": "zz/north", "purpose": REASON, "period": PERIOD}
        answer = self.command(RITA, "submit", "SubmitDeploymentRequest", **terms, incidents=[self.incident])
        self.request = answer["deploymentRequest"]["id"]


def test_a_case_is_played_with_trusted_documents_alone(databases: Databases, tmp_path: Path) -> None:
    key = tmp_path / "webhook.key"
    key.write_bytes(KEY)
    sending: dict[str, Any] = {"webhook_key_file": key, "smtp_host": "mail.example"}
    with databases.fresh() as urls, served(urls, documents="trusted", **sending) as register:
        case = Case(register)
        decide(case)
        read_all(case, "id")
        read_all(case, "reference")
        go_on(case)
        send_webhooks(case)
        send_mail(case)
    trusted = TrustedDocuments(schema, read_documents())
    operations = [operation for name in read_documents() for operation in trusted.find(name).operations]
    live = {operation.name for operation in operations if operation.kind is OperationType.SUBSCRIPTION}
    assert case.executed == {operation.name for operation in operations} - live


def decide(case: Case) -> None:
    for code in ("secretariat", "asker", "decider"):
        case.command(CLERK, "administer", "RegisterAuthority", code=code, name=code)
    audits = {"authority": "secretariat", "auditsEverything": True, "reason": REASON}
    case.command(CLERK, "administer", "SetAuditingAuthority", **audits)
    for path in ("zz", "zz/north"):
        case.command(CLERK, "administer", "RegisterRegion", path=path, names=[{"language": "en", "name": path}])
    mandate = {"authority": "decider", "region": "zz", "legalBasis": REASON, "hearing": True}
    case.command(CLERK, "administer", "GrantMandate", **mandate)
    happened = {"kind": "explosion", "description": REASON, "region": "zz/north", "occurredAt": "2024-11-29T18:00:00Z"}
    case.incident = case.command(RITA, "investigate", "ReportIncident", **happened)["incident"]["id"]
    case.submit()
    case.on_request(RITA, "submit", "AmendDeploymentRequest", strength=50)
    assert case.on_request(ROB, "review", "BeginReview") == "UNDER_REVIEW"
    held = case.on_request(ROB, "review", "WithholdDeploymentRequest", awaiting=[case.incident])
    assert held == "WITHHELD_PENDING_ATTRIBUTION"
    graded = {"summary": REASON, "sourceReliability": "B", "informationCredibility": "TWO"}
    case.command(ROB, "correct", "CorrectIncident", incident=case.incident, kind="sabotage", reason=REASON)
    case.command(RIO, "correct", "ProposeCorrection", incident=case.incident, kind="accident", reason=REASON)
    shown = case.execute(ROB, "incident", "Incident", id=case.incident, atLeast=case.position)
    settled = {"correction": shown["corrections"][0]["id"], "accept": True, "reason": REASON}
    case.command(ROB, "correct", "SettleCorrection", incident=case.incident, **settled)
    case.command(ROB, "investigate", "RecordEvidence", incident=case.incident, **graded)
    case.command(ROB, "investigate", "AttributeIncident", incident=case.incident, **FINDING)
    dissent = {"finding": {**FINDING, "responsibleParty": None}, "reason": REASON}
    case.command(RUTH, "correct", "DissentFromFinding", incident=case.incident, **dissent)
    case.command(ROB, "investigate", "RecordEvidence", incident=case.incident, **graded)
    shown = case.execute(ROB, "incident", "Incident", id=case.incident, atLeast=case.position)
    piece = {"incident": case.incident, "evidence": shown["evidence"][-1]["id"], "reason": REASON}
    grading = {"sourceReliability": "C", "informationCredibility": "FOUR"}
    case.command(ROB, "correct", "RegradeEvidence", **piece, **grading)
    case.command(ROB, "correct", "WithdrawEvidence", **piece)
    case.command(ROB, "investigate", "ReferIncident", incident=case.incident, authority="asker", reason=REASON)
    case.command(RITA, "investigate", "AnswerReferral", incident=case.incident, answer=REASON)
    assert case.on_request(ROB, "review", "ResumeReview") == "UNDER_REVIEW"
    case.on_request(ROB, "review", "EndorseDeploymentRequest", recommendation="DENY")
    case.on_request(ROB, "review", "ChangeEndorsement", recommendation="APPROVE")
    case.on_request(ADA, "decide", "AssignDeploymentRequest", subject="rob")
    lent = {"deputy": "ruth", "authority": "decider", "reason": REASON}
    period = {"from": "2024-01-01T00:00:00Z", "until": "2090-01-01T00:00:00Z"}
    case.command(ROB, "appoint", "AppointDeputy", **lent, **period, roles=["REVIEWER"])
    [deputy] = case.execute(ROB, "deputies", "Deputies", atLeast=case.position)
    assert (deputy["deputy"]["subject"], deputy["principal"]["subject"]) == ("ruth", "rob")
    case.command(ROB, "appoint", "EndDeputy", **lent)
    case.on_request(RUTH, "review", "RecuseFromDeploymentRequest")
    case.on_request(RITA, "review", "RemarkOnDeploymentRequest")
    conditions = [{"text": REASON}]
    assert case.on_request(ADA, "decide", "ApproveDeploymentRequest", conditions=conditions) == "APPROVED"


def read_all(case: Case, by: str) -> None:
    def read(id: str, operation: str, /, **variables: Any) -> Any:
        return case.execute(ROB, id, operation, atLeast=case.position, **variables)

    request = read("deployment-request", "DeploymentRequest", id=case.request)
    assert request["decision"]["grounds"][0]["incident"]["id"] == case.incident
    case.condition = request["decision"]["conditions"][0]["id"]
    which = {by: request[by]}
    read("deployment-request", "DeploymentRequest", **which)
    history = read("deployment-request-history", "DeploymentRequestHistory", **which)["history"]["edges"]
    assert [edge["node"]["type"] for edge in history][:3] == ["RequestSubmitted", "RequestAmended", "ReviewBegun"]
    explanation = read("deployment-request-explanation", "DeploymentRequestExplanation", **which)["explanation"]
    assert explanation["status"] == "APPROVED"
    changed = read("deployment-request-changes", "DeploymentRequestChanges", **which, fromVersion=1, toVersion=2)
    assert {"path": "strength", "before": 60, "after": 50} in changed["changes"]
    assert read("deployment-requests", "DeploymentRequests", filter={"status": ["APPROVED"]})["totalCount"] == 1
    incident = read("incident", "Incident", id=case.incident)
    which = {by: incident[by]}
    assert read("incident", "Incident", **which)["deploymentRequests"][0]["id"] == case.request
    assert len(read("incident-history", "IncidentHistory", **which)["history"]["edges"]) == 12
    assert read("incidents", "Incidents", first=1)["totalCount"] == 1
    assert len(read("authorities", "Authorities")) == 3
    assert {each["region"] for each in read("situation", "Situation")} == {"zz/north"}
    assert read("regions", "Regions", under="zz")["totalCount"] >= 1
    assert read("region", "Region", path="zz/north")["decidedBy"]["authority"]["code"] == "decider"
    assert read("audit-trail", "AuditTrail", filter={"subject": case.request})["edges"]
    assert read("access-log", "AccessLog")["edges"] == []
    assert read("inbox", "Inbox")["totalCount"] == 0
    assert len(case.execute(ROB, "event-types", "EventTypes")) > 60
    assert case.execute(ROB, "projections", "Projections")
    assert case.execute(ROB, "viewer", "Viewer")["authority"] == "decider"


def send_webhooks(case: Case) -> None:
    terms = {"name": REASON, "url": "https://receiver.example/", "roles": ["OBSERVER"]}
    endpoint = case.command(CLERK, "webhooks", "RegisterWebhookEndpoint", **terms)["endpoint"]["id"]
    changed = {**terms, "name": "Changed", "reason": REASON}
    case.command(CLERK, "webhooks", "ChangeWebhookEndpoint", id=endpoint, **changed)
    for operation in ("DisableWebhookEndpoint", "EnableWebhookEndpoint", "RotateWebhookKey"):
        case.command(CLERK, "webhooks", operation, id=endpoint, reason=REASON)
    [listed] = case.execute(CLERK, "webhook-endpoints", "WebhookEndpoints", atLeast=case.position)
    assert (listed["name"], listed["status"]) == ("Changed", "ENABLED")
    event = case.execute(CLERK, "event", "Event", position=case.position, atLeast=case.position)
    assert event["payload"] == {"authority": "secretariat", "reason": REASON}
    assert case.execute(ROB, "webhook-reminder", "WebhookReminder", id=case.request)["id"] == case.request
    thin = case.execute(CLERK, "webhook-message", "WebhookMessage", position=case.position)
    assert thin["type"] == event["type"] == "WebhookKeyRotated"


def send_mail(case: Case) -> None:
    subscription = case.command(ROB, "mail", "SubscribeMail", address="rob@decider.example")["subscription"]["id"]
    code = MailConfirmation(KEY).code(UUID(subscription))
    case.command(ROB, "mail", "ConfirmMailSubscription", id=subscription, code=code)
    for operation in ("DisableMailSubscription", "EnableMailSubscription"):
        case.command(ROB, "mail", operation, id=subscription, reason=REASON)
    [listed] = case.execute(ROB, "mail-subscriptions", "MailSubscriptions", atLeast=case.position)
    assert (listed["address"], listed["status"]) == ("rob@decider.example", "ENABLED")
    assert case.execute(ROB, "mail-reminder", "MailReminder", id=case.request)["marking"] == "AMBER"
    assert case.execute(ROB, "mail-message", "MailMessage", position=case.position)["type"] == "MailSubscriptionEnabled"


def go_on(case: Case) -> None:
    case.on_request(ADA, "decide", "GiveNotice", grounds=REASON, until="2035-01-01T00:00:00Z")
    case.on_request(RITA, "submit", "MakeStatement", statement=REASON)
    for decided in ("RefuseExtension", "GrantExtension"):
        case.on_request(RITA, "submit", "AskExtension", until="2035-03-10T06:00:00Z")
        case.on_request(ROB, "extend", "EndorseExtension", recommendation="APPROVE")
        assert case.on_request(ADA, "extend", decided) == "APPROVED"
    for settled in ("SendBackFulfilment", "AcceptFulfilment"):
        case.on_request(RITA, "submit", "ReportFulfilment", condition=case.condition, report=REASON)
        case.on_request(ADA, "decide", settled, condition=case.condition)
    case.command(ROB, "investigate", "RetractAttribution", incident=case.incident, reason=REASON)
    refused = case.execute(ADA, "decide", "ConfirmApproval", input={"id": case.request, "reason": REASON})
    assert refused["__typename"] == "TransitionRefused"  # no policy acts here: nothing is questioned
    assert case.on_request(ADA, "decide", "RevokeApproval") == "REVOKED"
    case.on_request(ROB, "review", "ChangeDeploymentRequestMarking", marking="AMBER_STRICT")
    raised = {"id": case.incident, "marking": "AMBER_STRICT", "reason": REASON}
    case.command(ROB, "investigate", "ChangeIncidentMarking", **raised)
    case.submit()
    assert case.on_request(RITA, "submit", "WithdrawDeploymentRequest") == "WITHDRAWN"
    case.submit()
    case.on_request(ROB, "review", "BeginReview")
    assert case.on_request(ADA, "decide", "DenyDeploymentRequest", urgency=REASON) == "DENIED"
    refused = case.execute(ADA, "take-over", "TakeOverDeploymentRequest", input={"id": case.request, "reason": REASON})
    assert refused["__typename"] == "TransitionRefused"
    case.command(CLERK, "administer", "EndMandate", authority="decider", region="zz", reason=REASON)
    for operation in ("BlockPerson", "UnblockPerson"):
        case.command(CLERK, "administer", operation, issuer="mandate", subject="nobody", reason=REASON)
    started = case.execute(CLERK, "administer", "RebuildProjection", name="situation")
    assert started["__typename"] == "RebuildStarted"
