"""What is reported and remarked, which changes nothing else; and what is overdue."""

from dataclasses import replace

import pytest

from domain.deployment_request import commands as c
from domain.deployment_request.events import (
    ConditionSet,
    FulfilmentReported,
    RequestRemarked,
)
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import ConditionId, Text
from tests.domain.case import (
    APPROVED,
    CONDITION,
    DAY,
    ENDORSED,
    NOWHERE,
    REQUEST,
    UNDER_REVIEW,
    WHY,
    approval,
    colleague,
    condition,
    denial,
    expiry,
    requester,
    reviewer,
    revocation,
    withheld,
)
from tests.specification import NOW, Past, given

CONDITIONED = (*ENDORSED, approval(conditions=(condition, ConditionSet(id=ConditionId(NOWHERE), text=WHY))))
REPORT = c.ReportFulfilment(condition=CONDITION, report=Text("Done."))
REPORTED_DONE = Past(event=FulfilmentReported(condition=CONDITION, report=Text("Done.")), by=requester)


def test_the_requesting_authority_reports_fulfilment() -> None:
    register = given(*CONDITIONED).register
    assert register.states[REQUEST].next_due() == condition.due_by
    when = given(*CONDITIONED).when(REPORT, by=colleague)
    request = when.then(FulfilmentReported(condition=CONDITION, report=Text("Done.")))
    done, left = request.decision.conditions
    assert (done.is_fulfilled, done.fulfilment_report, done.fulfilled_at) == (True, Text("Done."), NOW)
    assert (left.is_fulfilled, left.fulfilment_report) == (False, None)
    assert request.next_due() is None
    assert not request.is_overdue(NOW + 3650 * DAY)


def test_it_is_reported_once_and_for_a_condition_that_was_set() -> None:
    given(*CONDITIONED, REPORTED_DONE).when(REPORT, by=requester).refused(
        InvalidInput, "already been reported", at=("condition",)
    )
    unknown = replace(REPORT, condition=ConditionId(REQUEST))
    given(*CONDITIONED).when(unknown, by=requester).refused(
        InvalidInput, f"The decision has no condition {REQUEST}.", at=("condition",)
    )


def test_there_is_nothing_to_report_without_an_open_condition() -> None:
    given(*APPROVED).when(REPORT, by=requester).refused(TransitionRefused, "The approval has no conditions.")
    all_done = (*ENDORSED, approval(conditions=(condition,)), REPORTED_DONE)
    given(*all_done).when(REPORT, by=requester).refused(
        TransitionRefused, "Every condition of the approval is reported as fulfilled."
    )


@pytest.mark.parametrize("internal", [False, True])
def test_a_remark_is_recorded_and_counted_and_changes_nothing_else(internal: bool) -> None:
    command = c.RemarkOnRequest(reason=WHY, internal=internal)
    before = given(*APPROVED).register.states[REQUEST]
    after = given(*APPROVED).when(command, by=reviewer).then(RequestRemarked(reason=WHY, internal=internal))
    counted = {"remarks": 1, "text_bytes": before.text_bytes + len(str(WHY))}
    assert replace(before, version=after.version, updated_at=after.updated_at, **counted) == after


def test_internal_remarks_are_for_the_deciding_authority() -> None:
    internal = c.RemarkOnRequest(reason=WHY, internal=True)
    given(*APPROVED).when(internal, by=requester).refused(
        NotPermitted, "Only kfor, which decides, makes internal remarks: make one that is not."
    )
    given(*APPROVED).when(replace(internal, internal=False), by=requester).then(RequestRemarked(reason=WHY))


def test_what_is_overdue_and_when_it_will_be() -> None:
    dated = approval(conditions=(condition,))
    due = condition.due_by
    assert due is not None
    for history, next_due, overdue in (
        ((*UNDER_REVIEW, withheld()), None, False),
        ((*UNDER_REVIEW, withheld(review_by=due)), due, True),
        ((*ENDORSED, dated), due, True),
        (CONDITIONED, due, True),
        ((*CONDITIONED, REPORTED_DONE), None, False),
        ((*ENDORSED, dated, revocation), None, False),
        ((*ENDORSED, dated, expiry), None, False),
        (UNDER_REVIEW, None, False),
        ((*UNDER_REVIEW, denial), None, False),
    ):
        request = given(*history).register.states[REQUEST]
        assert (request.next_due(), request.is_overdue(due)) == (next_due, overdue)
        assert not request.is_overdue(due - DAY)
