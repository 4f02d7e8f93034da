"""A request, an incident and a region hold so much and no more; what decides on them or ends them is never refused."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from domain.decider import Context, Verdict
from domain.deployment_request import commands as c
from domain.deployment_request.assignment import AssignRequest
from domain.deployment_request.events import FulfilmentReported, FulfilmentSentBack, Recommendation, RequestAssigned
from domain.deployment_request.fulfilment import AcceptFulfilment, SendBackFulfilment
from domain.deployment_request.marking import ChangeRequestMarking
from domain.deployment_request.state import RequestStatus
from domain.incident import commands as i
from domain.incident.correction import CorrectIncident
from domain.incident.events import Alternative, EvidenceRegraded, FindingDissented, IncidentCorrected, IncidentReferred
from domain.incident.evidence import RegradeEvidence
from domain.incident.referral import ReferIncident
from domain.jurisdiction import GrantMandate, MandateEnded
from domain.limits import ITEMS, TEXT_BYTES, room_for
from domain.refusals import InvalidInput, TransitionRefused
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AnalyticConfidence,
    AuthorityCode,
    IncidentId,
    InformationCredibility,
    Label,
    Likelihood,
    Marking,
    Role,
    SourceReliability,
    Strength,
    Text,
)
from tests.domain.case import (
    CANAL,
    CONDITION,
    DAY,
    ENDORSED,
    EVIDENCE,
    KFOR,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    XK,
    admin,
    amendment,
    approval,
    approver,
    begun,
    condition,
    endorsement,
    evidence,
    finding,
    ground,
    investigator,
    mandate,
    person,
    questioned,
    recusal,
    remark,
    requester,
    resumed,
    retraction,
    reviewer,
    second_reviewer,
    submission,
    withheld,
)
from tests.specification import NOW, Past, given

LARGE = Text("\U0001f30a" * 20_000)
"""The longest text that is accepted, in characters of four bytes."""
RECORD = i.RecordEvidence(
    summary=WHY, source_reliability=SourceReliability.B, information_credibility=InformationCredibility.TWO
)
GRADES: dict[str, Any] = {"likelihood": Likelihood.LIKELY, "confidence": AnalyticConfidence.HIGH, "basis": WHY}
ATTRIBUTE = i.AttributeIncident(**GRADES, changed_because=WHY)
DISSENT = i.DissentFromFinding(finding=Alternative(**GRADES), reason=WHY)
dissent = Past(event=FindingDissented(finding=Alternative(**GRADES), reason=WHY), by=reviewer)
REFERRAL = Past(event=IncidentReferred(authority=AuthorityCode("other"), reason=WHY), by=investigator)
corrected = Past(event=IncidentCorrected(kind=Label("fire"), reason=WHY), by=requester)
AWAIT = c.WithholdRequest(reason=WHY, awaiting=(CANAL,))
ENDORSE = c.EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY)
AMEND = c.AmendRequest(strength=Strength(9), reason=WHY)
reported = Past(event=FulfilmentReported(condition=CONDITION, report=WHY), by=requester)
sent_back = Past(event=FulfilmentSentBack(condition=CONDITION, reason=WHY), by=approver)
ASSIGN_TO = AssignRequest(subject=second_reviewer.subject, reason=WHY)
second_investigator = person("second-investigator", KFOR, Role.INVESTIGATOR)
assignment = Past(event=RequestAssigned(subject=reviewer.subject, reason=WHY), by=approver)
ANOTHER = "submit another request for what follows"
FURTHER = "report another incident for what follows"

regraded = Past(
    event=EvidenceRegraded(
        evidence=EVIDENCE,
        source_reliability=SourceReliability.A,
        information_credibility=InformationCredibility.ONE,
        reason=WHY,
    ),
    by=investigator,
    on=CANAL,
)

KINDS: dict[str, tuple[tuple[Past, ...], tuple[Past, ...], object, Actor, str, str]] = {
    "AMEND": (SUBMITTED, (amendment,), AMEND, requester, "amendments", ANOTHER),
    "WITHHOLD": (UNDER_REVIEW, (withheld(), resumed(reviewer)), AWAIT, reviewer, "holds", "decide it"),
    "ENDORSE": (UNDER_REVIEW, (endorsement(second_reviewer),), ENDORSE, reviewer, "endorsements", "decide it"),
    "RECUSE": (SUBMITTED, (recusal,), c.RecuseReviewer(reason=WHY), approver, "recusals", "take no part in it"),
    "ASSIGN": (SUBMITTED, (assignment,), ASSIGN_TO, approver, "assignments", "decide it"),
    "SEND_BACK_FULFILMENT": (
        (*ENDORSED, approval(conditions=(condition,)), reported),
        (sent_back, reported),
        SendBackFulfilment(condition=CONDITION, reason=WHY),
        approver,
        "reports that were sent back",
        "accept it",
    ),
    "REMARK": (SUBMITTED, (remark,), c.RemarkOnRequest(reason=WHY), requester, "remarks", ANOTHER),
    "CORRECT": (
        REPORTED,
        (corrected,),
        CorrectIncident(kind=Label("x"), reason=WHY),
        requester,
        "corrections",
        FURTHER,
    ),
    "RECORD_EVIDENCE": (REPORTED, (evidence(),), RECORD, reviewer, "pieces of evidence", FURTHER),
    "REGRADE_EVIDENCE": (
        (*REPORTED, evidence()),
        (regraded,),
        RegradeEvidence(
            evidence=EVIDENCE,
            source_reliability=SourceReliability.F,
            information_credibility=InformationCredibility.SIX,
            reason=WHY,
        ),
        investigator,
        "changes of gradings",
        "withdraw it, and record it again",
    ),
    "ATTRIBUTE": (REPORTED, (finding(),), ATTRIBUTE, investigator, "findings and retractions", FURTHER),
    "DISSENT": ((*REPORTED, finding()), (dissent,), DISSENT, second_investigator, "dissents", "make a new finding"),
    "REFER": (
        (*REPORTED, finding()),
        (REFERRAL,),
        ReferIncident(authority=THIRD, reason=WHY),
        investigator,
        "referrals",
        FURTHER,
    ),
}


@pytest.mark.parametrize("action", KINDS)
def test_a_subject_holds_a_thousand_of_each_kind(action: str) -> None:
    history, more, command, by, things, instead = KINDS[action]
    register = given(*history, *more * (ITEMS - 1)).register
    on = REQUEST if history[-1].stream == REQUEST else CANAL
    assert action in register.available(by, on)
    assert isinstance(register.judge(command, by), tuple)
    for past in more:
        register.record(past)
    said = f"It has 1,000 {things}, the maximum: {instead}."
    refusal = register.judge(command, by)
    assert isinstance(refusal, TransitionRefused)
    assert said in refusal.message
    assert action not in refusal.available
    assert action not in register.available(by, on)
    outlook = register.explain(by, on)[action]
    assert (outlook.possible, outlook.available) == (False, False)
    assert [verdict.description for verdict in outlook.verdicts if verdict.rule == "LIMIT"] == [said]


@pytest.mark.parametrize("action", KINDS)
def test_a_subject_holds_100_mb_of_text(action: str) -> None:
    history, _, command, by, _, instead = KINDS[action]
    on = history[-1].stream
    large = replace(evidence(), event=replace(evidence().event, summary=LARGE))
    if on == REQUEST:
        large = replace(remark, event=replace(remark.event, reason=LARGE))
    register = given(*history, *[large] * (ITEMS + 249)).register
    assert TEXT_BYTES - 80_000 <= register.states[on].text_bytes < TEXT_BYTES
    if action not in ("REMARK", "RECORD_EVIDENCE"):
        assert action in register.available(by, on)
    register.record(large)
    refusal = register.judge(command, by)
    assert isinstance(refusal, TransitionRefused)
    if action not in ("REMARK", "RECORD_EVIDENCE"):
        assert f"Its texts have 100 MB, the maximum: {instead}." in refusal.message


def test_a_thousand_pieces_of_evidence_of_the_longest_text_fit() -> None:
    register = given(*REPORTED).register
    for _ in range(ITEMS):
        assert isinstance(register.command(replace(RECORD, summary=LARGE), reviewer), tuple)
    assert isinstance(register.command(replace(RECORD, summary=LARGE), reviewer), TransitionRefused)
    assert len(register.states[CANAL].evidence) == ITEMS


FULL = replace(remark, event=replace(remark.event, reason=LARGE))
FULL_EVIDENCE = replace(evidence(), event=replace(evidence().event, summary=LARGE))
RESTING = (*ENDORSED, finding(), approval(ground(2)))
NEVER_REFUSED: dict[str, tuple[tuple[Past, ...], object, Actor]] = {
    "WITHDRAW": (SUBMITTED, c.WithdrawRequest(reason=WHY), requester),
    "BEGIN_REVIEW": (SUBMITTED, c.BeginReview(reason=WHY), reviewer),
    "RESUME_REVIEW": (WITHHELD, c.ResumeReview(reason=WHY), reviewer),
    "APPROVE": (ENDORSED, c.ApproveRequest(reason=WHY), approver),
    "DENY": (UNDER_REVIEW, c.DenyRequest(reason=WHY), approver),
    "CONFIRM": ((*RESTING, retraction(), questioned), c.ConfirmApproval(reason=WHY), approver),
    "REVOKE": (RESTING, c.RevokeApproval(reason=WHY), approver),
    "CHANGE_MARKING": (SUBMITTED, ChangeRequestMarking(marking=Marking.AMBER_STRICT, reason=WHY), reviewer),
    "REPORT_FULFILMENT": (
        (*ENDORSED, approval(conditions=(condition,))),
        c.ReportFulfilment(condition=CONDITION, report=WHY),
        requester,
    ),
    "ACCEPT_FULFILMENT": (
        (*ENDORSED, approval(conditions=(condition,)), reported),
        AcceptFulfilment(condition=CONDITION, reason=WHY),
        approver,
    ),
    "resumed by the register": ((*WITHHELD, finding()), c.ResumeReview(reason=WHY), SYSTEM),
    "withheld by the register": ((*WITHHELD, finding(), resumed(), retraction()), AWAIT, SYSTEM),
    "QUESTION": ((*RESTING, retraction()), c.QuestionApproval(reason=WHY), SYSTEM),
}


@pytest.mark.parametrize("action", NEVER_REFUSED)
def test_what_decides_or_ends_is_never_refused(action: str) -> None:
    history, command, by = NEVER_REFUSED[action]
    when = given(*history, *[FULL] * 1_300).when(command, by=by)
    assert isinstance(when.answer, tuple), when.answer


def test_nor_is_the_end_of_an_approval_or_of_a_finding() -> None:
    expire = c.ExpireApproval(reason=WHY)
    when = given(*RESTING, *[FULL] * 1_300).when(expire, by=SYSTEM, now=NOW + 900 * DAY)
    assert when.register.states[REQUEST].status is RequestStatus.EXPIRED
    many = given(*REPORTED, *[finding()] * ITEMS, *[FULL_EVIDENCE] * 1_300)
    assert isinstance(many.when(i.RetractAttribution(reason=WHY), by=investigator).answer, tuple)


def test_a_request_names_a_thousand_incidents() -> None:
    named = tuple(IncidentId(UUID(int=n)) for n in range(ITEMS))
    full = (*REPORTED, submission(incidents=named), begun)
    given(*full).when(AWAIT, by=reviewer).refused(
        InvalidInput, "A request names at most 1,000 incidents: await fewer.", at=("awaiting",)
    )
    fits = (*REPORTED, submission(incidents=named[1:]), begun)
    assert isinstance(given(*fits).when(AWAIT, by=reviewer).answer, tuple)


def test_a_region_keeps_a_thousand_mandates() -> None:
    over = Past(event=MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW), by=admin)
    ended = mandate(valid_from=NOW - DAY, valid_until=NOW)
    grant = GrantMandate(authority=KFOR, region=XK, legal_basis=Label("law"))
    past = (*REGISTERED, *[ended] * (ITEMS - 1))
    assert isinstance(given(*past).when(grant, by=admin).answer, tuple)
    said = "'xk' has had 1,000 mandates, the maximum: grant mandates over its parts."
    given(*past, mandate(), over).when(grant, by=admin).refused(InvalidInput, said, at=("region",))


@dataclass(frozen=True)
class Held:
    items: int
    text_bytes: int


@pytest.mark.parametrize(
    ("held", "limit"),
    [
        (Held(999, 99_999_999), None),
        (Held(1_000, 0), "It has 1,000 remarks, the maximum: write less."),
        (Held(0, 100_000_000), "Its texts have 100 MB, the maximum: write less."),
    ],
)
def test_one_more_fits_up_to_the_limits(held: Held, limit: str | None) -> None:
    def items(held: Held) -> int:
        return held.items

    has_room = room_for(items, "remarks", "write less")
    context = Context(actor=requester, now=NOW, subject=REQUEST)
    assert has_room(held, context) == (() if limit is None else (Verdict(rule="LIMIT", met=False, description=limit),))
    assert has_room(held, context.as_actor(SYSTEM)) == ()
    assert has_room.__doc__ == "It has fewer than 1,000 remarks, and less than 100 MB of text."
