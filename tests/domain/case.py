"""The case, as tests tell it: a canal is damaged, Pristina asks, KFOR reviews. All persons and parties are invented."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.authority import AuditingSet, AuthorityRegistered
from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request import events
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import RequestStatus
from domain.incident.events import AttributionRetracted, EvidenceRecorded, IncidentAttributed, IncidentReported
from domain.jurisdiction import MandateGranted
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AnalyticConfidence,
    AuthorityCode,
    ConditionId,
    CorrectionId,
    EvidenceId,
    IncidentId,
    InformationCredibility,
    Label,
    Likelihood,
    Marking,
    Period,
    Quorum,
    Region,
    Role,
    SourceReliability,
    Strength,
    Subject,
    Text,
)
from tests.specification import NOW, Past, usual

KFOR: Final = AuthorityCode("kfor")
PRISTINA: Final = AuthorityCode("pristina")
THIRD: Final = AuthorityCode("third")
"""Registered, neither requesting nor deciding; its auditors see everything."""
XK: Final = Region("xk")
PLACE: Final = Region("xk/north/zubin-potok")

REQUEST: Final = usual(DEPLOYMENT_REQUEST)
CANAL: Final = IncidentId(usual(INCIDENT))
BRIDGE: Final = IncidentId(UUID("00000000-0000-4000-8000-0000000000b1"))
EVIDENCE: Final = EvidenceId(UUID("00000000-0000-4000-8000-0000000000e1"))
CONDITION: Final = ConditionId(UUID("00000000-0000-4000-8000-0000000000c1"))
CORRECTION: Final = CorrectionId(UUID("00000000-0000-4000-8000-0000000000c2"))
NOWHERE: Final = UUID("00000000-0000-4000-8000-00000000dead")

WHY: Final = Text("EXERCISE: because")
DAY: Final = timedelta(days=1)
PERIOD: Final = Period(start=datetime(2024, 12, 15, tzinfo=UTC), end=datetime(2025, 6, 15, tzinfo=UTC))


def person(subject: str, authority: AuthorityCode, *roles: Role) -> Actor:
    return Actor(issuer="mandate", subject=Subject(subject), authority=authority, roles=roles)


admin = person("administrator", KFOR, Role.ADMINISTRATOR)
requester = person("requester", PRISTINA, Role.REQUESTER)
colleague = person("colleague", PRISTINA, Role.REQUESTER)
reviewer = person("reviewer", KFOR, Role.REVIEWER)
second_reviewer = person("second-reviewer", KFOR, Role.REVIEWER)
third_reviewer = person("third-reviewer", KFOR, Role.REVIEWER)
approver = person("approver", KFOR, Role.APPROVER)
investigator = person("investigator", KFOR, Role.INVESTIGATOR)
stranger = person("stranger", THIRD, *(role for role in Role if role is not Role.AUDITOR))
auditor = person("auditor", THIRD, Role.AUDITOR)

REGISTERED = (
    *(
        Past(event=AuthorityRegistered(code=code, name=Label(code.title())), by=admin)
        for code in (KFOR, PRISTINA, THIRD)
    ),
    Past(event=AuditingSet(code=THIRD, audits_everything=True, reason=WHY), by=admin),
)


def mandate(over: Region = XK, of: AuthorityCode = KFOR, **fields: Any) -> Past:
    event = MandateGranted(
        authority=of,
        region=over,
        legal_basis=Label("UNSCR 1244 (1999)"),
        endorsements_required=Quorum(1),
        valid_from=datetime(1999, 6, 10, tzinfo=UTC),
    )
    return Past(event=replace(event, **fields), by=admin)


def incident(on: UUID = CANAL, by: Actor = requester, **fields: Any) -> Past:
    event = IncidentReported(
        kind=Label("explosion"),
        description=Text("A water canal is damaged."),
        region=PLACE,
        occurred_at=datetime(2024, 11, 29, 17, tzinfo=UTC),
        reference="pristina-i-2024-0001",
        marking=Marking.AMBER,
        covered_by=(KFOR,),
    )
    return Past(event=replace(event, **fields), by=by, on=on)


def evidence(by: Actor = investigator, on: UUID = CANAL, **fields: Any) -> Past:
    event = EvidenceRecorded(
        summary=Text("EXERCISE: a fragment"),
        source_reliability=SourceReliability.B,
        information_credibility=InformationCredibility.TWO,
        evidence=EVIDENCE,
        marking=Marking.AMBER,
    )
    return Past(event=replace(event, **fields), by=by, on=on)


def finding(
    party: str | None = "EXERCISE: the Red party",
    likelihood: Likelihood = Likelihood.LIKELY,
    confidence: AnalyticConfidence = AnalyticConfidence.MODERATE,
    on: UUID = CANAL,
) -> Past:
    event = IncidentAttributed(
        responsible_party=None if party is None else Text(party),
        likelihood=likelihood,
        confidence=confidence,
        basis=Text("EXERCISE: by comparison"),
    )
    return Past(event=event, by=investigator, on=on)


def retraction(on: UUID = CANAL) -> Past:
    return Past(event=AttributionRetracted(reason=WHY), by=investigator, on=on)


def submission(by: Actor = requester, **fields: Any) -> Past:
    event = events.RequestSubmitted(
        reference="pristina-2024-0001",
        requesting_authority=PRISTINA,
        deciding_authority=KFOR,
        force=Label("Kosovo Security Force"),
        strength=Strength(120),
        region=PLACE,
        purpose=Text("To guard the canal."),
        period=PERIOD,
        incidents=(CANAL,),
        marking=Marking.AMBER,
        endorsements_required=Quorum(1),
    )
    return Past(event=replace(event, **fields), by=by)


def withheld(*awaiting: IncidentId, by: Actor = reviewer, **fields: Any) -> Past:
    event = events.RequestWithheld(
        reason=WHY,
        awaiting=awaiting or (CANAL,),
        minimum_likelihood=Likelihood.LIKELY,
        minimum_confidence=AnalyticConfidence.MODERATE,
    )
    return Past(event=replace(event, **fields), by=by)


def resumed(by: Actor = SYSTEM) -> Past:
    return Past(event=events.ReviewResumed(reason=WHY), by=by)


def endorsement(
    by: Actor = reviewer, recommendation: Recommendation = Recommendation.APPROVE, revision: int = 1
) -> Past:
    return Past(event=events.RequestEndorsed(recommendation=recommendation, reason=WHY, revision=revision), by=by)


def approval(*grounds: events.Ground, by: Actor = approver, **fields: Any) -> Past:
    event = events.RequestApproved(reason=WHY, grounds=grounds, strength=Strength(120), period=PERIOD)
    return Past(event=replace(event, **fields), by=by)


def ground(
    version: int,
    party: str | None = "EXERCISE: the Red party",
    likelihood: Likelihood = Likelihood.LIKELY,
    confidence: AnalyticConfidence = AnalyticConfidence.MODERATE,
    on: IncidentId = CANAL,
) -> events.Ground:
    return events.Ground(
        incident=on,
        version=version,
        responsible_party=None if party is None else Text(party),
        likelihood=likelihood,
        confidence=confidence,
    )


condition = events.ConditionSet(id=CONDITION, text=Text("Unarmed."), due_by=PERIOD.start + DAY)
remark = Past(event=events.RequestRemarked(reason=WHY), by=requester)
begun = Past(event=events.ReviewBegun(reason=WHY), by=reviewer)
recusal = Past(event=events.ReviewerRecused(reason=WHY), by=reviewer)
amendment = Past(event=events.RequestAmended(strength=Strength(100), reason=WHY), by=requester)
denial = Past(event=events.RequestDenied(reason=WHY), by=approver)
withdrawal = Past(event=events.RequestWithdrawn(reason=WHY), by=requester)
revocation = Past(event=events.ApprovalRevoked(reason=WHY), by=approver)
expiry = Past(event=events.ApprovalExpired(reason=WHY), by=SYSTEM)
questioned = Past(event=events.ApprovalQuestioned(reason=WHY, incidents=(CANAL,)), by=SYSTEM)

REPORTED = (*REGISTERED, mandate(), incident())
SUBMITTED = (*REPORTED, submission())
UNDER_REVIEW = (*SUBMITTED, begun)
WITHHELD = (*UNDER_REVIEW, withheld())
ENDORSED = (*UNDER_REVIEW, endorsement())
APPROVED = (*ENDORSED, approval())

HISTORIES: Final = {
    RequestStatus.SUBMITTED: SUBMITTED,
    RequestStatus.UNDER_REVIEW: UNDER_REVIEW,
    RequestStatus.WITHHELD_PENDING_ATTRIBUTION: WITHHELD,
    RequestStatus.APPROVED: APPROVED,
    RequestStatus.DENIED: (*UNDER_REVIEW, denial),
    RequestStatus.WITHDRAWN: (*SUBMITTED, withdrawal),
    RequestStatus.REVOKED: (*APPROVED, revocation),
    RequestStatus.EXPIRED: (*APPROVED, expiry),
}
"""One way to each status."""

assert PERIOD.start > NOW
