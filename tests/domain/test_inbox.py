"""The steps that wait for somebody: which, for whom, why, since when and until when."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.deployment_request import events
from domain.deployment_request.events import Recommendation
from domain.deployment_request.inbox import AWAITED, AwaitedStep, awaited_steps
from domain.vocabulary import Actor, ConditionId, Days, Marking, Role
from tests.domain import case
from tests.domain.case import (
    APPROVED,
    DAY,
    KFOR,
    PERIOD,
    PRISTINA,
    REPORTED,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    amendment,
    approver,
    colleague,
    endorsement,
    requester,
    reviewer,
    second_reviewer,
)
from tests.domain.inboxes import expected, listed
from tests.domain.trying import both
from tests.specification import NOW, MemoryRegister, Past


def register(*past: Past) -> MemoryRegister:
    made = MemoryRegister()
    for each in past:
        made.record(each)
    return made


def waiting(*past: Past) -> dict[str, AwaitedStep]:
    return {step.action: step for step in awaited_steps(register(*past).states[REQUEST])}


def inbox(actor: Actor, *past: Past, now: datetime = NOW) -> set[str]:
    made = register(*past)
    assert listed(made, actor, now) == expected(made, actor, now)
    return listed(made, actor, now)


@pytest.mark.parametrize("step", AWAITED, ids=lambda step: step.action)
def test_an_awaited_step_is_taken_by_one_role_of_one_authority(step) -> None:  # type: ignore[no-untyped-def]
    made, by = register(*APPROVED), step.awaited.by or step.by
    somebody = made.ask(lambda context: by.somebody(made.states[REQUEST], context), reviewer, REQUEST)
    assert len(somebody.roles) == 1
    for code in {KFOR, PRISTINA} - {somebody.authority}:
        other = Actor(issuer="i", subject=reviewer.subject, authority=code, roles=tuple(Role))
        verdicts = made.ask(lambda context: by.judge(made.states[REQUEST], context), other, REQUEST)
        assert not all(verdict.met for verdict in verdicts)


def test_a_submitted_request_waits_for_its_review_to_begin() -> None:
    step = waiting(*SUBMITTED)["BEGIN_REVIEW"]
    assert (step.authority, step.role, step.due, step.until) == (KFOR, Role.REVIEWER, PERIOD.start, None)
    assert step.why == "pristina submitted it, and its review has not begun."
    assert inbox(reviewer, *SUBMITTED) == {"BEGIN_REVIEW"}
    assert inbox(requester, *SUBMITTED) == inbox(approver, *SUBMITTED) == set()


@pytest.mark.parametrize("days", [1, 366])
def test_until_it_is_decided_it_is_due_when_it_is_to_be_answered_or_its_period_begins(days: int) -> None:
    asked = case.submission(answer_within_days=Days(days))
    state = register(*REPORTED, asked).states[REQUEST]
    assert waiting(*REPORTED, asked, case.begun)["ENDORSE"].due == min(state.submitted_at + days * DAY, PERIOD.start)


def test_an_endorsement_is_awaited_of_reviewers_who_gave_none() -> None:
    assert inbox(reviewer, *UNDER_REVIEW) == {"ENDORSE"}
    endorsed = (*UNDER_REVIEW, endorsement(reviewer))
    assert inbox(reviewer, *endorsed) == set()
    assert inbox(second_reviewer, *endorsed) == {"ENDORSE"}
    assert inbox(reviewer, *endorsed, amendment) == {"ENDORSE"}


def test_whoever_takes_no_further_part_is_awaited_no_longer() -> None:
    assert inbox(reviewer, *UNDER_REVIEW, case.recusal) == set()
    assert inbox(second_reviewer, *UNDER_REVIEW, case.recusal) == {"ENDORSE"}


def test_a_changed_endorsement_awaits_another_decision() -> None:
    opposed = events.EndorsementChanged(recommendation=Recommendation.DENY, reason=case.WHY, revision=1)
    changed = (*UNDER_REVIEW, endorsement(reviewer), Past(event=opposed, by=reviewer))
    assert inbox(approver, *changed) == {"DENY"}
    assert inbox(reviewer, *changed) == set()
    both_changed = (*UNDER_REVIEW, endorsement(both), endorsement(reviewer), Past(event=opposed, by=both))
    assert inbox(both, *both_changed) == {"APPROVE", "DENY"}


def test_a_decision_is_awaited_once_enough_endorsements_exist() -> None:
    assert inbox(approver, *UNDER_REVIEW) == set()
    endorsed = (*UNDER_REVIEW, endorsement(reviewer))
    assert inbox(approver, *endorsed) == {"APPROVE"}
    step = waiting(*endorsed)["APPROVE"]
    assert step.until == PERIOD.end
    assert step.why == "It can be decided. Endorsements for approval: 1; against: 0."
    assert inbox(approver, *endorsed, now=PERIOD.end) == set()


def test_endorsements_against_approval_await_a_denial() -> None:
    opposed = (*UNDER_REVIEW, endorsement(reviewer, Recommendation.DENY))
    assert inbox(approver, *opposed) == {"DENY"}
    assert inbox(approver, *opposed, amendment) == set()


def test_an_approvers_own_endorsement_neither_makes_nor_prevents_their_decision() -> None:
    assert inbox(both, *UNDER_REVIEW, endorsement(both)) == set()
    divided = (*UNDER_REVIEW, endorsement(reviewer), endorsement(both, Recommendation.DENY))
    assert inbox(both, *divided) == {"APPROVE", "DENY"}
    assert inbox(approver, *divided) == {"DENY"}


def test_a_hold_is_awaited_from_its_review_date_on() -> None:
    review_by = NOW + DAY
    held = (*UNDER_REVIEW, case.withheld(review_by=review_by))
    assert inbox(reviewer, *held, now=review_by - timedelta(seconds=1)) == set()
    assert inbox(reviewer, *held, now=review_by) == {"RESUME_REVIEW"}


def test_a_hold_without_a_review_date_is_never_awaited() -> None:
    assert inbox(reviewer, *WITHHELD, now=NOW + 3000 * DAY) == set()


def test_a_questioned_approval_waits_for_an_approver() -> None:
    assert inbox(approver, *APPROVED) == set()
    assert inbox(approver, *APPROVED, case.questioned) == {"CONFIRM"}
    assert waiting(*APPROVED, case.questioned)["CONFIRM"].due == PERIOD.end


def test_open_conditions_wait_for_the_requesting_authority_until_reported() -> None:
    dated = events.ConditionSet(id=case.CONDITION, text=case.WHY, due_by=NOW + DAY)
    undated = events.ConditionSet(id=ConditionId(case.BRIDGE), text=case.WHY)
    granted = (*case.ENDORSED, case.approval(conditions=(undated, dated)))
    step = waiting(*granted)["REPORT_FULFILMENT"]
    assert (step.authority, step.role, step.due) == (PRISTINA, Role.REQUESTER, NOW + DAY)
    reported = Past(event=events.FulfilmentReported(condition=case.CONDITION, report=case.WHY), by=requester)
    assert waiting(*granted, reported)["REPORT_FULFILMENT"].due is None
    rest = Past(event=events.FulfilmentReported(condition=ConditionId(case.BRIDGE), report=case.WHY), by=requester)
    assert inbox(colleague, *granted, reported, rest) == set()
    assert inbox(colleague, *granted) == {"REPORT_FULFILMENT"}
    assert inbox(approver, *granted) == set()
    assert inbox(approver, *granted, reported) == {"ACCEPT_FULFILMENT"}
    assert waiting(*granted, reported)["ACCEPT_FULFILMENT"].why == "Reports of fulfilment to accept or to send back: 1."
    accepted = Past(event=events.FulfilmentAccepted(condition=case.CONDITION, reason=case.WHY), by=approver)
    assert inbox(approver, *granted, reported, accepted) == set()
    back = Past(event=events.FulfilmentSentBack(condition=case.CONDITION, reason=case.WHY), by=approver)
    assert inbox(approver, *granted, reported, back) == set()
    assert waiting(*granted, reported, back)["REPORT_FULFILMENT"].due == NOW + DAY


def test_a_person_who_asked_is_awaited_as_a_requester_only() -> None:
    turncoat = Actor(issuer=requester.issuer, subject=requester.subject, authority=KFOR, roles=tuple(Role))
    assert inbox(turncoat, *SUBMITTED) == set()
    assert inbox(colleague, *SUBMITTED) == set()


def test_a_proposed_marking_waits_for_an_approver_other_than_the_proposer() -> None:
    proposed = events.RequestMarkingProposed(marking=Marking.CLEAR, reason=WHY)
    by_requester = Past(event=proposed, by=requester)
    for history in (SUBMITTED, UNDER_REVIEW, APPROVED):
        assert "CHANGE_MARKING" in inbox(approver, *history, by_requester)
        for other in (requester, reviewer, colleague):
            assert "CHANGE_MARKING" not in inbox(other, *history, by_requester)
    own = Past(event=proposed, by=replace(approver, authority=PRISTINA))
    assert "CHANGE_MARKING" not in inbox(approver, *SUBMITTED, own)
    changed = Past(event=events.RequestMarkingChanged(marking=Marking.CLEAR, reason=WHY), by=approver)
    for ended in (changed, amendment):
        assert "CHANGE_MARKING" not in waiting(*SUBMITTED, by_requester, ended)
    step = waiting(*SUBMITTED, by_requester)["CHANGE_MARKING"]
    assert (step.role, step.authority, step.due) == (Role.APPROVER, KFOR, None)
