"""The deciding authority accepts a reported fulfilment, or sends it back with a reason."""

from dataclasses import replace
from typing import Any

import pytest

from domain.deployment_request.commands import ReportFulfilment
from domain.deployment_request.decision import ConditionState
from domain.deployment_request.events import (
    ConditionSet,
    FulfilmentAccepted,
    FulfilmentReported,
    FulfilmentSentBack,
)
from domain.deployment_request.fulfilment import AcceptFulfilment, SendBackFulfilment
from domain.deployment_request.visibility import internal_parts
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import ConditionId, Text
from tests.domain.case import (
    CONDITION,
    DAY,
    ENDORSED,
    NOWHERE,
    REQUEST,
    WHY,
    approval,
    approver,
    condition,
    expiry,
    recusal,
    requester,
    reviewer,
    revocation,
)
from tests.specification import NOW, Past, given

OTHER = ConditionId(NOWHERE)
APPROVED = (*ENDORSED, approval(conditions=(condition, ConditionSet(id=OTHER, text=WHY))))
reported = Past(event=FulfilmentReported(condition=CONDITION, report=Text("Done.")), by=requester)
accepted = Past(event=FulfilmentAccepted(condition=CONDITION, reason=WHY), by=approver)
sent_back = Past(event=FulfilmentSentBack(condition=CONDITION, reason=WHY), by=approver)
ACCEPT = AcceptFulfilment(condition=CONDITION, reason=WHY)
SEND_BACK = SendBackFulfilment(condition=CONDITION, reason=WHY)
SETTLE = [(ACCEPT, accepted.event), (SEND_BACK, sent_back.event)]


def first(request: Any) -> Any:
    return request.decision.conditions[0]


def test_an_approver_accepts_a_reported_fulfilment() -> None:
    done = first(given(*APPROVED, reported).when(ACCEPT, by=approver).then(accepted.event))
    assert (done.state, done.accepted_at, done.accepted_by) == (ConditionState.ACCEPTED, NOW, approver)
    assert (done.is_fulfilled, done.fulfilment_report) == (True, Text("Done."))


def test_what_is_sent_back_is_open_and_due_again() -> None:
    request = given(*APPROVED, reported).when(SEND_BACK, by=approver).then(sent_back.event)
    again = first(request)
    assert (again.state, again.sent_back_reason, again.is_fulfilled) == (ConditionState.SENT_BACK, WHY, False)
    assert request.next_due() == condition.due_by
    assert condition.due_by is not None
    assert request.is_overdue(condition.due_by + DAY)


def test_it_is_reported_again_and_then_accepted() -> None:
    once_more = ReportFulfilment(condition=CONDITION, report=Text("Done better."))
    event = FulfilmentReported(condition=CONDITION, report=once_more.report)
    request = given(*APPROVED, reported, sent_back).when(once_more, by=requester).then(event)
    assert (first(request).state, first(request).sent_back_reason) == (ConditionState.REPORTED, None)
    history = (*APPROVED, reported, sent_back, Past(event=event, by=requester))
    given(*history).when(ACCEPT, by=approver).then(accepted.event)


@pytest.mark.parametrize("end", [revocation, expiry], ids=["revoked", "expired"])
@pytest.mark.parametrize(("command", "event"), SETTLE, ids=["accept", "send back"])
def test_it_is_settled_after_the_end_of_the_approval_too(command: object, event: object, end: Past) -> None:
    given(*APPROVED, reported, end).when(command, by=approver).then(event)


@pytest.mark.parametrize(("command", "event"), SETTLE, ids=["accept", "send back"])
def test_only_an_approver_of_the_deciding_authority_settles_it(command: object, event: object) -> None:
    for who in (requester, reviewer):
        given(*APPROVED, reported).when(command, by=who).refused(NotPermitted, "This takes an approver of kfor")
    given(*APPROVED[:-1], replace(recusal, by=approver), APPROVED[-1], reported).when(command, by=approver).refused(
        NotPermitted, "You are recused"
    )


@pytest.mark.parametrize(("command", "event"), SETTLE, ids=["accept", "send back"])
def test_only_what_is_reported_is_settled_and_once(command: Any, event: object) -> None:
    given(*APPROVED).when(command, by=approver).refused(TransitionRefused, "No report of fulfilment waits for kfor.")
    other = Past(event=FulfilmentReported(condition=OTHER, report=WHY), by=requester)
    for history, said in (
        ((other,), "Its fulfilment has not been reported."),
        ((other, reported, accepted), "Its fulfilment has already been accepted."),
        ((other, reported, sent_back), "Its fulfilment has been sent back, and not been reported again."),
    ):
        given(*APPROVED, *history).when(command, by=approver).refused(InvalidInput, said, at=("condition",))
    unknown = replace(command, condition=ConditionId(REQUEST))
    given(*APPROVED, reported).when(unknown, by=approver).refused(
        InvalidInput, f"The decision has no condition {REQUEST}.", at=("condition",)
    )


def test_who_accepted_it_is_no_secret_of_the_deciding_authority() -> None:
    for report in (accepted, sent_back):
        register = given(*APPROVED, reported, report).register
        assert internal_parts(register.states[REQUEST].deliberations, report.event, approver) == ()
