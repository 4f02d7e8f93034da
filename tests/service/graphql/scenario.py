"""The authorities, region and persons of one test, and the commands that they give."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from domain.vocabulary import Role
from tests.service.graphql.api_client import Answer, ApiClient, Person

ADMINISTRATOR = Person("adm", "hq", (Role.ADMINISTRATOR,), "Adm Inistrator")
_numbers = count(1)


@dataclass(frozen=True)
class Scenario:
    """Authorities: asker submits requests, decider holds the mandate over `region`, other is not involved,
    court audits everything."""

    register: ApiClient
    name: str

    @property
    def region(self) -> str:
        return f"{self.name}/north/town"

    def of(self, authority: str, subject: str, *roles: Role) -> Person:
        return Person(f"{self.name}-{subject}", f"{self.name}-{authority}", roles or tuple(Role), subject.title())

    @property
    def requester(self) -> Person:
        return self.of("asker", "rita", Role.REQUESTER)

    @property
    def reviewer(self) -> Person:
        return self.of("decider", "rob", Role.REVIEWER, Role.INVESTIGATOR)

    @property
    def approver(self) -> Person:
        return self.of("decider", "ada", Role.APPROVER)

    @property
    def outsider(self) -> Person:
        return self.of("other", "olaf", Role.REQUESTER, Role.REVIEWER, Role.INVESTIGATOR, Role.OBSERVER)

    @property
    def auditor(self) -> Person:
        return self.of("court", "aud", Role.AUDITOR)

    def incident(self, who: Person | None = None, fields: str = "reference version", **values: Any) -> Answer:
        given = {
            "kind": "explosion",
            "description": "EXERCISE: a canal was damaged.",
            "region": self.region,
            "occurredAt": "2024-11-29T18:00:00Z",
            **values,
        }
        who = who or self.requester
        return self.register.command(who, "reportIncident", "ReportIncidentInput", given, fields)

    def request(self, who: Person | None = None, fields: str = "reference version", **values: Any) -> Answer:
        given = {
            "force": "Exercise Force",
            "strength": 60,
            "region": self.region,
            "purpose": "EXERCISE: secure the canal.",
            "period": {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"},
            **values,
        }
        who = who or self.requester
        return self.register.command(who, "submitDeploymentRequest", "SubmitDeploymentRequestInput", given, fields)

    def on_request(
        self, who: Person, mutation: str, request: str, fields: str = "status version", **values: Any
    ) -> Answer:
        given = {"id": request, "reason": "EXERCISE: a reason.", **values}
        if mutation in {"reportFulfilment", "giveNotice", "makeStatement"}:
            del given["reason"]
        return self.register.command(
            who, mutation, INPUTS.get(mutation, "DeploymentRequestCommandInput"), given, fields
        )

    def on_incident(self, who: Person, mutation: str, incident: str, fields: str = "version", **values: Any) -> Answer:
        given = {"incident": incident, **DEFAULTS.get(mutation, {}), **values}
        kind = INPUTS.get(mutation, f"{mutation[0].upper()}{mutation[1:]}Input")
        return self.register.command(who, mutation, kind, given, fields)

    def mark(self, who: Person, subject: str, marking: str, *recipients: str, of: str = "DeploymentRequest") -> Answer:
        """Changes a marking, or proposes to. of: the kind of the subject."""
        given = {"id": subject, "marking": marking, "recipients": list(recipients) or None, "reason": "EXERCISE: so."}
        return self.register.command(who, f"change{of}Marking", "ChangeMarkingInput", given, "version marking")

    def attributed(self, **values: Any) -> Answer:
        """An incident on which a finding stands."""
        incident = self.incident(**values)
        answer = self.on_incident(self.reviewer, "attributeIncident", incident["id"], "attributionStatus version")
        assert answer["__typename"] == "IncidentRecorded", answer
        return incident

    def decided(self, *, incidents: list[str] | None = None) -> Answer:
        """A request that was approved, with a condition."""
        request = self.request(incidents=incidents or [])
        self.on_request(self.reviewer, "beginReview", request["id"])
        self.on_request(self.reviewer, "endorseDeploymentRequest", request["id"], recommendation="APPROVE")
        fields = "status version decision { conditions { id } }"
        conditions = [{"text": "EXERCISE: report each week.", "dueBy": "2035-01-20T00:00:00Z"}]
        return self.on_request(self.approver, "approveDeploymentRequest", request["id"], fields, conditions=conditions)

    def ask(self, who: Person, document: str, **variables: Any) -> Answer:
        """At least as of the last command: `$at` in the document."""
        return self.register.ask(who, document, at=self.register.position, **variables)


INPUTS = {
    "amendDeploymentRequest": "AmendDeploymentRequestInput",
    "withholdDeploymentRequest": "WithholdDeploymentRequestInput",
    "endorseDeploymentRequest": "EndorseDeploymentRequestInput",
    "proposeCorrection": "CorrectIncidentInput",
    "changeEndorsement": "EndorseDeploymentRequestInput",
    "assignDeploymentRequest": "AssignDeploymentRequestInput",
    "approveDeploymentRequest": "ApproveDeploymentRequestInput",
    "remarkOnDeploymentRequest": "RemarkOnDeploymentRequestInput",
    "giveNotice": "GiveNoticeInput",
    "makeStatement": "MakeStatementInput",
    "askExtension": "AskExtensionInput",
    "endorseExtension": "EndorseDeploymentRequestInput",
    "acceptFulfilment": "SettleFulfilmentInput",
    "sendBackFulfilment": "SettleFulfilmentInput",
    "reportFulfilment": "ReportFulfilmentInput",
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "recordEvidence": {
        "summary": "EXERCISE: a photograph.",
        "sourceReliability": "B",
        "informationCredibility": "TWO",
    },
    "attributeIncident": {
        "responsibleParty": "EXERCISE party",
        "likelihood": "VERY_LIKELY",
        "confidence": "HIGH",
        "basis": "EXERCISE: what was found.",
        "changedBecause": "EXERCISE: more is known.",
    },
    "correctIncident": {"reason": "EXERCISE: it was elsewhere."},
    "proposeCorrection": {"reason": "EXERCISE: it was elsewhere."},
    "settleCorrection": {"reason": "EXERCISE: so it was."},
    "regradeEvidence": {"sourceReliability": "C", "informationCredibility": "FOUR", "reason": "EXERCISE: reviewed."},
    "withdrawEvidence": {"reason": "EXERCISE: it is not what it seemed."},
    "retractAttribution": {"reason": "EXERCISE: it was wrong."},
    "referIncident": {"reason": "EXERCISE: act on it."},
    "answerReferral": {"answer": "EXERCISE: nothing is known."},
}


def scenario(register: ApiClient, *, endorsements: int = 1, hearing: bool = False) -> Scenario:
    made = Scenario(register, f"w{next(_numbers)}")
    own = {"code": ADMINISTRATOR.authority, "name": "Headquarters"}
    register.command(ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", own)
    auditing = {"authority": f"{made.name}-court", "auditsEverything": True, "reason": "EXERCISE: it audits."}
    for authority in ("asker", "decider", "other", "court"):
        values = {"code": f"{made.name}-{authority}", "name": f"The {authority} of {made.name}"}
        register.command(ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", values)
    register.command(ADMINISTRATOR, "setAuditingAuthority", "AuditingAuthorityInput", auditing)
    mandate = {
        "authority": f"{made.name}-decider",
        "region": made.name,
        "legalBasis": "EXERCISE agreement",
        "endorsementsRequired": endorsements,
        "hearing": hearing,
    }
    answer = register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", mandate)
    assert answer["__typename"] == "AuthorityRecorded", answer
    return made
