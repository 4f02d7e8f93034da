"""What is asked for, granted or due lies ahead, what is reported has happened, each as of the command's own time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.deployment_request.commands import (
    AmendRequest,
    ApproveRequest,
    NewCondition,
    SubmitRequest,
    WithholdRequest,
)
from domain.deployment_request.events import RequestAmended
from domain.incident.commands import ReportIncident
from domain.refusals import InvalidInput, TransitionRefused
from domain.vocabulary import SYSTEM, Label, Period, Strength
from tests.domain.case import (
    CANAL,
    DAY,
    ENDORSED,
    PERIOD,
    PLACE,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    approver,
    endorsement,
    finding,
    requester,
    resumed,
    retraction,
    reviewer,
    withheld,
)
from tests.specification import NOW, given

APPROVE = ApproveRequest(reason=WHY)
AMENDED = AmendRequest(strength=Strength(90), reason=WHY)
SUBMIT = SubmitRequest(force=Label("force"), strength=Strength(1), region=PLACE, purpose=WHY, period=PERIOD)
REPORT = ReportIncident(kind=Label("explosion"), description=WHY, region=PLACE, occurred_at=NOW)
WITHHOLD = WithholdRequest(reason=WHY, awaiting=(CANAL,))


@pytest.mark.parametrize("now", [PERIOD.end, PERIOD.end + DAY])
def test_the_period_asked_for_is_not_over(now: datetime) -> None:
    said = "period.end: It must lie in the future: it is"
    given(*REPORTED).when(SUBMIT, by=requester, now=now).refused(InvalidInput, said, at=("period.end",))
    amended = AmendRequest(period=PERIOD, reason=WHY)
    given(*SUBMITTED).when(amended, by=requester, now=now).refused(InvalidInput, said, at=("period.end",))
    given(*SUBMITTED).when(AMENDED, by=requester, now=now).then(RequestAmended(strength=Strength(90), reason=WHY))


def test_a_period_that_has_started_can_be_requested() -> None:
    assert isinstance(given(*REPORTED).when(SUBMIT, by=requester, now=PERIOD.start + DAY).answer, tuple)


def test_an_approval_has_not_ended_before_it_is_given() -> None:
    for until in (NOW, NOW - DAY):
        given(*ENDORSED).when(replace(APPROVE, valid_until=until), by=approver).refused(
            InvalidInput, "It must lie in the future: it is 10 December 2024, 12:00 UTC now.", at=("validUntil",)
        )


def test_it_is_valid_no_longer_than_what_is_granted() -> None:
    said = "It must not lie after the end of the granted period, 15 June 2025, 00:00 UTC."
    later = replace(APPROVE, valid_until=PERIOD.end + DAY)
    given(*ENDORSED).when(later, by=approver).refused(InvalidInput, said, at=("validUntil",))
    shorter = Period(start=PERIOD.start, end=PERIOD.start + DAY)
    beyond = replace(APPROVE, period=shorter, valid_until=shorter.end + timedelta(microseconds=1))
    given(*ENDORSED).when(beyond, by=approver).refused(InvalidInput, "granted period", at=("validUntil",))
    until_then = replace(APPROVE, period=shorter, valid_until=shorter.end)
    assert isinstance(given(*ENDORSED).when(until_then, by=approver).answer, tuple)


def test_an_approval_does_not_end_before_the_granted_period_starts() -> None:
    late = Period(start=PERIOD.end - DAY, end=PERIOD.end)
    for until in (late.start, late.start - DAY):
        command = replace(APPROVE, period=late, valid_until=until)
        said = "It must lie after the start of the granted period, 14 June 2025, 00:00 UTC."
        given(*ENDORSED).when(command, by=approver).refused(InvalidInput, said, at=("validUntil",))


def test_what_is_granted_is_not_over() -> None:
    over = replace(APPROVE, period=Period(start=PERIOD.start, end=PERIOD.start + DAY))
    for now in (PERIOD.start + DAY, PERIOD.start + 2 * DAY):
        given(*ENDORSED).when(over, by=approver, now=now).refused(
            InvalidInput, "must lie in the future", at=("period.end",)
        )
    assert isinstance(given(*ENDORSED).when(over, by=approver, now=PERIOD.start).answer, tuple)


@pytest.mark.parametrize("now", [PERIOD.end, PERIOD.end + DAY])
def test_nothing_is_approved_once_the_period_asked_for_is_over(now: datetime) -> None:
    """Today's approval would expire a moment after it was given."""
    said = "The requested period ended on 15 June 2025, 00:00 UTC: pristina can request another."
    given(*ENDORSED).when(APPROVE, by=approver, now=now).refused(TransitionRefused, said)
    register = given(*ENDORSED).register
    assert "APPROVE" not in register.available(approver, REQUEST, now)
    assert register.explain(approver, REQUEST, now)["APPROVE"].possible is False
    another = AmendRequest(period=Period(start=PERIOD.start, end=now + DAY), reason=WHY)
    register.command(another, requester, now=now)
    register.record(endorsement(revision=2))
    assert "APPROVE" in register.available(approver, REQUEST, now)


def test_a_condition_is_not_due_before_it_is_set() -> None:
    due = tuple(NewCondition(text=WHY, due_by=by) for by in (None, NOW + DAY, NOW, NOW - DAY))
    given(*ENDORSED).when(replace(APPROVE, conditions=due), by=approver).refused(
        InvalidInput, "It must lie in the future: it is 10", at=("conditions.2.dueBy", "conditions.3.dueBy")
    )


def test_what_is_imported_is_judged_as_of_its_own_time() -> None:
    """The context's time is that at which it happened; an import gives that of its line."""
    long_ago = PERIOD.start - 9 * DAY
    until = replace(APPROVE, valid_until=PERIOD.start + DAY)
    assert isinstance(given(*ENDORSED).when(until, by=approver, now=long_ago).answer, tuple)


@pytest.mark.parametrize("by", [NOW, NOW - DAY])
def test_the_review_of_a_hold_lies_ahead(by: datetime) -> None:
    given(*UNDER_REVIEW).when(replace(WITHHOLD, review_by=by), by=reviewer).refused(
        InvalidInput, "It must lie in the future: it is 10 December 2024, 12:00 UTC now.", at=("reviewBy",)
    )
    assert isinstance(given(*UNDER_REVIEW).when(replace(WITHHOLD, review_by=NOW + DAY), by=reviewer).answer, tuple)


def test_the_register_withholds_again_on_the_terms_of_then() -> None:
    lost = (*WITHHELD[:-1], withheld(review_by=NOW - DAY), finding(), resumed(), retraction())
    again = replace(WITHHOLD, review_by=NOW - DAY)
    assert isinstance(given(*lost).when(again, by=SYSTEM).answer, tuple)


@pytest.mark.parametrize(
    ("occurred_at", "said"),
    [
        (datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC), "It must not lie before 1 January 1900, 00:00 UTC."),
        (datetime(1, 1, 1, tzinfo=UTC), "It must not lie before 1 January 1900"),
        (NOW + timedelta(minutes=5, microseconds=1), "It lies in the future"),
        (datetime(9999, 12, 31, tzinfo=UTC), "It lies in the future"),
    ],
)
def test_what_is_reported_happened_since_1900(occurred_at: datetime, said: str) -> None:
    given(*REGISTERED).when(replace(REPORT, occurred_at=occurred_at), by=requester).refused(
        InvalidInput, said, at=("occurredAt",)
    )


@pytest.mark.parametrize("occurred_at", [datetime(1900, 1, 1, tzinfo=UTC), NOW, NOW + timedelta(minutes=5)])
def test_the_clock_of_the_reporter_may_be_ahead(occurred_at: datetime) -> None:
    assert isinstance(given(*REGISTERED).when(replace(REPORT, occurred_at=occurred_at), by=requester).answer, tuple)
