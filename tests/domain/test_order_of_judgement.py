"""A command is judged in one order, and the first that fails answers: with every fault, then with one less each."""

from dataclasses import replace
from typing import Any

import pytest

from domain.deployment_request.commands import ApproveRequest, RemarkOnRequest, ReportFulfilment, WithholdRequest
from domain.incident.commands import AttributeIncident, RecordEvidence
from domain.incident.referral import ReferIncident
from domain.jurisdiction import GrantMandate
from domain.refusals import InvalidInput, NotFound, NotPermitted, TransitionRefused, VersionConflict
from domain.vocabulary import (
    AnalyticConfidence,
    AuthorityCode,
    ConditionId,
    EvidenceId,
    IncidentId,
    InformationCredibility,
    Label,
    Likelihood,
    Marking,
    SourceReliability,
    Strength,
    Text,
)
from tests.domain.case import (
    APPROVED,
    CANAL,
    ENDORSED,
    NOWHERE,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    XK,
    admin,
    approval,
    approver,
    auditor,
    condition,
    finding,
    incident,
    investigator,
    mandate,
    requester,
    reviewer,
    stranger,
)
from tests.specification import Past, given

BLANK = Text(" ")
UNKNOWN = AuthorityCode("unknown")

TOO_MUCH = ApproveRequest(reason=WHY, strength=Strength(999))
UNSEEN = WithholdRequest(reason=WHY, awaiting=(IncidentId(NOWHERE),))
NO_CONDITION = ReportFulfilment(condition=ConditionId(NOWHERE), report=WHY)
TO_NOBODY = ReferIncident(authority=UNKNOWN, reason=WHY)
CONDITIONED = (*ENDORSED, approval(conditions=(condition,)))


@pytest.mark.parametrize(
    ("command", "blank", "one_who_may", "wrong_state", "right_state", "path"),
    [
        (TOO_MUCH, {"reason": BLANK}, approver, UNDER_REVIEW, ENDORSED, "strength"),
        (UNSEEN, {"reason": BLANK}, reviewer, SUBMITTED, UNDER_REVIEW, "awaiting"),
        (NO_CONDITION, {"report": BLANK}, requester, APPROVED, CONDITIONED, "condition"),
        (TO_NOBODY, {"reason": BLANK}, investigator, SUBMITTED, (*SUBMITTED, finding()), "authority"),
    ],
    ids=["approve", "withhold", "report fulfilment", "refer"],
)
def test_one_fault_after_the_other(
    command: Any,
    blank: dict[str, Text],
    one_who_may: Any,
    wrong_state: tuple[Past, ...],
    right_state: tuple[Past, ...],
    path: str,
) -> None:
    subject = CANAL if isinstance(command, ReferIncident) else REQUEST
    wrong, right = given(*wrong_state).register, given(*right_state).register
    malformed = replace(command, **blank)
    (field,) = blank

    first = wrong.judge(malformed, stranger, on=NOWHERE, expected_version=999)
    assert isinstance(first, InvalidInput)
    assert [problem.path for problem in first.fields] == [field], "what it says of itself, before anything is read"
    assert isinstance(wrong.judge(command, stranger, on=NOWHERE, expected_version=999), NotFound)
    assert isinstance(wrong.judge(command, stranger, on=subject, expected_version=999), NotFound)
    assert isinstance(wrong.judge(command, auditor, on=subject, expected_version=999), NotPermitted)
    version = wrong.states[subject].version
    assert wrong.judge(command, one_who_may, on=subject, expected_version=999) == VersionConflict(
        message=f"Version 999 was expected, but it is at {version}: read it again.", expected=999, actual=version
    )
    assert isinstance(wrong.judge(command, one_who_may, on=subject, expected_version=version), TransitionRefused)
    last = right.judge(command, one_who_may, on=subject, expected_version=right.states[subject].version)
    assert isinstance(last, InvalidInput)
    assert [problem.path for problem in last.fields] == [path], "and last of what is recorded"


@pytest.mark.parametrize(
    ("command", "actor", "path"),
    [
        (
            RecordEvidence(
                summary=WHY,
                marking=Marking.CLEAR,
                source_reliability=SourceReliability.F,
                information_credibility=InformationCredibility.SIX,
            ),
            reviewer,
            "marking",
        ),
        (
            AttributeIncident(
                likelihood=Likelihood.LIKELY,
                confidence=AnalyticConfidence.LOW,
                basis=WHY,
                evidence=(EvidenceId(NOWHERE),),
            ),
            investigator,
            "evidence",
        ),
    ],
    ids=["record evidence", "attribute"],
)
def test_where_every_status_is_right(command: Any, actor: Any, path: str) -> None:
    register = given(*REPORTED).register
    assert isinstance(register.judge(command, stranger, expected_version=999), NotFound)
    assert isinstance(register.judge(command, auditor, expected_version=999), NotPermitted)
    assert isinstance(register.judge(command, actor, expected_version=999), VersionConflict)
    assert [problem.path for problem in register.judge(command, actor, expected_version=1).fields] == [path]  # type: ignore[union-attr]


def test_what_a_remark_says_is_permitted_before_its_version_is_compared() -> None:
    internal = RemarkOnRequest(reason=WHY, internal=True)
    register = given(*SUBMITTED).register
    assert isinstance(register.judge(internal, requester, expected_version=999), NotPermitted)
    assert isinstance(register.judge(internal, reviewer, expected_version=999), VersionConflict)


def test_what_is_opened_is_judged_in_the_same_order() -> None:
    grant = GrantMandate(authority=UNKNOWN, region=XK, legal_basis=Label("law"))
    register = given(*REPORTED).register
    blank = register.judge(replace(grant, legal_basis=Label("")), requester)
    assert isinstance(blank, InvalidInput)
    assert [problem.path for problem in blank.fields] == ["legalBasis"]
    assert isinstance(register.judge(grant, requester), NotPermitted)
    both = register.judge(grant, admin)
    assert isinstance(both, InvalidInput)
    assert [problem.path for problem in both.fields] == ["authority", "region"], "all that is wrong, at once"
    assert both.message == (
        "authority: No authority 'unknown' is registered.; "
        "region: 'kfor' holds a mandate over 'xk' at that time: end it first."
    )


def test_the_version_expected_is_that_of_the_subject() -> None:
    register = given(*SUBMITTED, mandate(of=THIRD, over=XK), incident()).register
    answer = register.judge(RemarkOnRequest(reason=WHY), requester, expected_version=register.states[REQUEST].version)
    assert isinstance(answer, tuple)
