"""Refusals word for word, also where they name several things."""

from dataclasses import replace
from typing import Any

import pytest

from domain.authority import RegisterAuthority
from domain.deployment_request import commands as c
from domain.deployment_request.events import FulfilmentReported
from domain.incident.commands import AttributeIncident, RecordEvidence, ReportIncident
from domain.incident.referral import ReferIncident
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    AuthorityCode,
    ConditionId,
    EvidenceId,
    IncidentId,
    InformationCredibility,
    Label,
    Likelihood,
    Marking,
    Period,
    Region,
    SourceReliability,
    Subject,
    Text,
)
from tests.domain.case import (
    BRIDGE,
    CANAL,
    CONDITION,
    DAY,
    ENDORSED,
    EVIDENCE,
    KFOR,
    NOWHERE,
    PERIOD,
    PLACE,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    admin,
    approval,
    approver,
    condition,
    finding,
    incident,
    investigator,
    mandate,
    requester,
    reviewer,
    submission,
    withheld,
)
from tests.specification import NOW, Past, given

SUBMIT = c.SubmitRequest(
    force=submission().event.force, strength=submission().event.strength, region=PLACE, purpose=WHY, period=PERIOD
)
REPORT = ReportIncident(kind=Label("fire"), description=WHY, region=PLACE, occurred_at=NOW)
RECORD = RecordEvidence(
    summary=WHY, source_reliability=SourceReliability.A, information_credibility=InformationCredibility.ONE
)
ATTRIBUTE = AttributeIncident(likelihood=Likelihood.LIKELY, confidence=AnalyticConfidence.LOW, basis=WHY)
REGISTER = RegisterAuthority(code=AuthorityCode("new"), name=Label("New"))
WITHHOLD = c.WithholdRequest(reason=WHY, awaiting=(CANAL,))

SECOND = "pristina-i-2024-0002"
BOTH = (CANAL, BRIDGE)
UNKNOWN = (IncidentId(NOWHERE), IncidentId(REQUEST))
HIDDEN = tuple(
    incident(on, reference=reference, region=Region("zz"), covered_by=())
    for on, reference in ((CANAL, "pristina-i-2024-0001"), (BRIDGE, SECOND))
)
TWO = (*SUBMITTED, incident(BRIDGE, reference=SECOND), UNDER_REVIEW[-1], withheld(*BOTH))
FULFILLED = (
    *ENDORSED,
    approval(conditions=(condition, replace(condition, id=ConditionId(NOWHERE)))),
    Past(event=FulfilmentReported(condition=CONDITION, report=WHY), by=requester),
)


@pytest.mark.parametrize(
    ("history", "command", "by", "message"),
    [
        (
            TWO,
            c.AmendRequest(incidents=(), reason=WHY),
            requester,
            f"incidents: The hold awaits a finding on pristina-i-2024-0001 and {SECOND}: name it too.",
        ),
        (
            (*REGISTERED, mandate(), *HIDDEN),
            replace(SUBMIT, incidents=BOTH),
            requester,
            (
                f"incidents: kfor, which decides, may not see pristina-i-2024-0001 and {SECOND}: "
                "have it referred to them first."
            ),
        ),
        (
            REPORTED,
            replace(SUBMIT, incidents=UNKNOWN),
            requester,
            f"incidents: There is no such incident that you may see: {NOWHERE}, {REQUEST}.",
        ),
        (
            REPORTED,
            replace(ATTRIBUTE, evidence=(EVIDENCE, EvidenceId(NOWHERE))),
            investigator,
            f"evidence: This incident has no such evidence that you may see: {EVIDENCE}, {NOWHERE}.",
        ),
        (
            REPORTED,
            replace(SUBMIT, recipients=(Subject("x"),)),
            requester,
            "recipients: Only what is marked RED has recipients: leave them out.",
        ),
        (
            SUBMITTED,
            c.AmendRequest(reason=WHY),
            requester,
            "force: Name at least one of force, strength, region, purpose, period and incidents to amend.",
        ),
        (
            UNDER_REVIEW,
            replace(WITHHOLD, awaiting=()),
            reviewer,
            "awaiting: Name at least one incident whose attribution is awaited.",
        ),
        (
            (*UNDER_REVIEW, finding()),
            WITHHOLD,
            reviewer,
            "awaiting: Every incident named already has a sufficient finding: name another, or raise the threshold.",
        ),
        (
            ENDORSED,
            c.ApproveRequest(reason=WHY, period=Period(start=PERIOD.start, end=PERIOD.end + DAY)),
            approver,
            (
                "period: The granted period must lie within the requested one: "
                "from 15 December 2024, 00:00 UTC to 15 June 2025, 00:00 UTC."
            ),
        ),
        (
            FULFILLED,
            c.ReportFulfilment(condition=CONDITION, report=WHY),
            requester,
            "condition: Its fulfilment has already been reported.",
        ),
        (
            REPORTED,
            replace(RECORD, uri=Text("cabinet")),
            reviewer,
            "uri: A URI has a scheme and names a place, not code to run: 'https://archive.example/17'.",
        ),
        (
            REGISTERED,
            replace(REPORT, occurred_at=NOW + DAY),
            requester,
            ("occurredAt: It lies in the future: it is 10 December 2024, 12:00 UTC now. Report what has happened."),
        ),
        (
            REGISTERED,
            replace(REGISTER, code=AuthorityCode("register")),
            admin,
            "code: 'register' is the register itself: choose another code.",
        ),
        (
            REGISTERED,
            replace(REGISTER, code=AuthorityCode("new-i")),
            admin,
            "code: A code that ends in '-i' would read like an incident's reference.",
        ),
        (
            (*REGISTERED, mandate(), incident(by=investigator, marking=Marking.RED), finding()),
            ReferIncident(authority=THIRD, reason=WHY),
            investigator,
            "An incident marked RED is for named persons only, and cannot be referred: this one is marked RED.",
        ),
    ],
)
def test_a_refusal_word_for_word(history: tuple[Past, ...], command: object, by: Actor, message: str) -> None:
    answer: Any = given(*history).when(command, by=by).answer
    assert answer.message == message


@pytest.mark.parametrize(
    ("terms", "suffices"),
    [
        ({"minimum_likelihood": Likelihood.VERY_LIKELY}, False),
        ({"minimum_confidence": AnalyticConfidence.HIGH}, False),
        ({"minimum_likelihood": Likelihood.UNLIKELY, "minimum_confidence": AnalyticConfidence.LOW}, True),
    ],
)
def test_whether_a_finding_suffices_is_judged_by_the_terms_of_the_hold(terms: dict[str, Any], suffices: bool) -> None:
    answer = given(*UNDER_REVIEW, finding()).when(replace(WITHHOLD, **terms), by=reviewer).answer
    assert isinstance(answer, tuple) is not suffices
    if suffices:
        weak = finding(likelihood=Likelihood.UNLIKELY, confidence=AnalyticConfidence.LOW)
        assert not isinstance(given(*UNDER_REVIEW, weak).when(replace(WITHHOLD, **terms), by=reviewer).answer, tuple)


def test_a_deciding_authority_sees_what_was_reported_under_its_mandate() -> None:
    far = incident(BRIDGE, reference=SECOND, region=Region("zz"), covered_by=(KFOR,))
    assert isinstance(given(*REPORTED, far).when(replace(SUBMIT, incidents=BOTH), by=requester).answer, tuple)
