"""Evidence is graded again or withdrawn, and what rested on it is looked at again."""

from dataclasses import replace
from typing import Any

import pytest

from domain.deployment_request.commands import ConfirmApproval
from domain.deployment_request.decision import Standing
from domain.deployment_request.events import ApprovalQuestioned, RequestWithheld
from domain.deployment_request.state import RequestStatus
from domain.incident.commands import AttributeIncident
from domain.incident.events import EvidenceRegraded, EvidenceWithdrawn, FindingQuestioned
from domain.incident.evidence import QuestionFinding, RegradeEvidence, WithdrawEvidence
from domain.policies.findings import QUESTION_FINDING
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AnalyticConfidence,
    EvidenceId,
    InformationCredibility,
    Likelihood,
    Marking,
    Role,
    SourceReliability,
    Text,
)
from tests.domain.case import (
    CANAL,
    ENDORSED,
    EVIDENCE,
    KFOR,
    NOWHERE,
    REPORTED,
    REQUEST,
    WHY,
    WITHHELD,
    approval,
    approver,
    evidence,
    finding,
    ground,
    investigator,
    person,
    requester,
    resumed,
    reviewer,
)
from tests.domain.following import follow, reactions
from tests.specification import Past, given

GRADES: dict[str, Any] = {
    "source_reliability": SourceReliability.F,
    "information_credibility": InformationCredibility.SIX,
}
REGRADE = RegradeEvidence(evidence=EVIDENCE, reason=WHY, **GRADES)
WITHDRAW = WithdrawEvidence(evidence=EVIDENCE, reason=WHY)
FILED = (*REPORTED, evidence(by=requester))
withdrawn = Past(event=EvidenceWithdrawn(evidence=EVIDENCE, reason=WHY), by=investigator, on=CANAL)
BLUE = AttributeIncident(
    responsible_party=Text("EXERCISE: the Red party"),
    likelihood=Likelihood.ALMOST_CERTAIN,
    confidence=AnalyticConfidence.HIGH,
    basis=WHY,
    changed_because=WHY,
)


def on_evidence(past: Past) -> Past:
    return replace(past, event=replace(past.event, evidence=(EVIDENCE,)))


@pytest.mark.parametrize("by", [requester, investigator], ids=["who recorded it", "an investigator"])
def test_evidence_is_graded_anew_and_withdrawn(by: Actor) -> None:
    (piece,) = (
        given(*FILED).when(REGRADE, by=by).then(EvidenceRegraded(evidence=EVIDENCE, reason=WHY, **GRADES)).evidence
    )
    assert (piece.source_reliability, piece.information_credibility) == tuple(GRADES.values())
    assert not piece.withdrawn
    (piece,) = given(*FILED).when(WITHDRAW, by=by).then(withdrawn.event).evidence
    assert (piece.withdrawn, piece.withdrawn_reason) == (True, WHY)


@pytest.mark.parametrize("command", [REGRADE, WITHDRAW])
def test_others_do_neither(command: Any) -> None:
    for by in (reviewer, approver, SYSTEM):
        given(*FILED).when(command, by=by).refused(NotPermitted, "an investigator of kfor")
    other = evidence(by=reviewer, evidence=EvidenceId(NOWHERE))
    given(*FILED, other).when(command, by=reviewer).refused(NotPermitted, "Somebody else recorded this piece")


@pytest.mark.parametrize("command", [REGRADE, WITHDRAW])
def test_only_evidence_that_is_there_seen_and_not_withdrawn(command: Any) -> None:
    unknown = replace(command, evidence=EvidenceId(NOWHERE))
    said = "This incident has no such evidence that you may see"
    given(*FILED).when(unknown, by=investigator).refused(InvalidInput, said, at=("evidence",))
    red = evidence(by=reviewer, marking=Marking.RED, evidence=EvidenceId(NOWHERE))
    given(*FILED, red).when(unknown, by=investigator).refused(InvalidInput, said, at=("evidence",))
    given(*FILED, withdrawn).when(command, by=investigator).refused(TransitionRefused, "no evidence that you may see")
    more = evidence(evidence=EvidenceId(NOWHERE))
    given(*FILED, more, withdrawn).when(command, by=investigator).refused(
        InvalidInput, "It is withdrawn already.", at=("evidence",)
    )
    assert {"REGRADE_EVIDENCE", "WITHDRAW_EVIDENCE"}.isdisjoint(
        given(*REPORTED, red).register.available(investigator, CANAL)
    )


def test_the_present_grading_is_not_repeated() -> None:
    same = replace(REGRADE, source_reliability=SourceReliability.B, information_credibility=InformationCredibility.TWO)
    given(*FILED).when(same, by=investigator).refused(InvalidInput, "graded so already", at=("sourceReliability",))


def test_no_finding_rests_on_what_is_withdrawn() -> None:
    command = replace(BLUE, evidence=(EVIDENCE,))
    given(*FILED, withdrawn).when(command, by=investigator).refused(
        InvalidInput, "This evidence is withdrawn", at=("evidence",)
    )


# What follows


def test_a_finding_that_rests_on_it_is_to_be_reaffirmed_by_an_event_with_its_cause() -> None:
    history = (*FILED, on_evidence(finding()), withdrawn)
    register = given(*history).register
    state = register.states[CANAL]
    assert QUESTION_FINDING.cause(state, None) == len(history)  # type: ignore[arg-type]
    register = follow(*history)
    found = register.states[CANAL].attribution
    assert (found.to_be_reaffirmed, found.version) == (True, 3)
    assert isinstance(register.log[-1].event, FindingQuestioned)
    assert "EXERCISE" not in str(register.log[-1].event.reason)


@pytest.mark.parametrize("history", [(finding(),), (), (on_evidence(finding()), finding())])
def test_other_findings_stand(history: tuple[Past, ...]) -> None:
    assert reactions(given(*FILED, *history, withdrawn).register) == []


def test_only_the_register_questions_a_finding_and_only_once() -> None:
    history = (*FILED, on_evidence(finding()), withdrawn)
    command = QuestionFinding(reason=WHY)
    given(*history).when(command, by=investigator).refused(NotPermitted, "Only the register itself")
    again = Past(event=FindingQuestioned(reason=WHY), by=SYSTEM, on=CANAL)
    given(*history, again).when(command, by=SYSTEM).refused(TransitionRefused, "to be reaffirmed already")
    assert "QUESTION_FINDING" not in given(*history).register.available(SYSTEM, CANAL)


def test_a_hold_that_was_released_on_it_is_placed_again() -> None:
    register = follow(*WITHHELD, evidence(), on_evidence(finding()), resumed(), withdrawn)
    assert register.states[REQUEST].status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION
    assert isinstance(register.log[-1].event, RequestWithheld)
    register.command(BLUE, investigator, CANAL)
    assert [type(each).__name__ for each in reactions(register)] == ["ResumeReview"]


def test_it_does_not_release_a_hold() -> None:
    register = follow(*WITHHELD, evidence(), on_evidence(finding()), withdrawn)
    assert register.states[REQUEST].status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION
    verdicts = register.explain(person("x", KFOR, Role.REVIEWER), REQUEST)["RESUME_REVIEW"].verdicts
    assert any("is to be reaffirmed" in verdict.description for verdict in verdicts)


def test_an_approval_that_rests_on_it_is_questioned_and_can_be_confirmed() -> None:
    approved = (*ENDORSED, evidence(), on_evidence(finding()), approval(ground(3)))
    register = follow(*approved, withdrawn)
    assert isinstance(register.log[-1].event, ApprovalQuestioned)
    assert register.states[REQUEST].decision.standing is Standing.QUESTIONED
    register.command(ConfirmApproval(reason=WHY), approver)
    assert register.states[REQUEST].decision.standing is Standing.STANDS
    assert reactions(register) == []
