"""The right to be heard: notice, a statement or its time, and only then a denial or a revocation; or urgency."""

from dataclasses import replace

import pytest

from domain.deployment_request.commands import ApproveRequest, DenyRequest, RevokeApproval, SubmitRequest
from domain.deployment_request.events import ApprovalConfirmed, ApprovalRevoked, Recommendation, RequestDenied
from domain.deployment_request.hearing import GiveNotice, MakeStatement
from domain.deployment_request.hearing_events import NoticeGiven, StatementMade
from domain.deployment_request.inbox import awaited_steps
from domain.deployment_request.visibility import internal_parts
from domain.jurisdiction import GrantMandate
from domain.limits import ITEMS
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import Label, Region, Strength, Text
from tests.domain.case import (
    DAY,
    KFOR,
    PERIOD,
    REGISTERED,
    REPORTED,
    REQUEST,
    WHY,
    XK,
    admin,
    amendment,
    approval,
    approver,
    begun,
    endorsement,
    mandate,
    questioned,
    requester,
    resumed,
    reviewer,
    submission,
    withheld,
)
from tests.specification import NOW, Past, given

UNTIL = NOW + 10 * DAY
REVIEWED = (*REPORTED, submission(hearing=True), begun)
GRANTED = (*REVIEWED, endorsement(), approval())
NOTICE = GiveNotice(grounds=Text("EXERCISE: the canal is mined."), until=UNTIL)
GIVEN = NoticeGiven(reason=NOTICE.grounds, until=UNTIL)
notice = Past(event=GIVEN, by=approver, at=NOW)
statement = Past(event=StatementMade(statement=WHY), by=requester, at=NOW + DAY)
DENY, REVOKE = DenyRequest(reason=WHY), RevokeApproval(reason=WHY)
DENIED, REVOKED = RequestDenied(reason=WHY), ApprovalRevoked(reason=WHY)
DECISIONS = [(REVIEWED, DENY, DENIED), ((*REVIEWED, withheld()), DENY, DENIED), (GRANTED, REVOKE, REVOKED)]
BY = ["under review", "withheld", "approved"]
LEAVE_OUT = "Nobody has to be heard before this is decided: leave it out."


@pytest.mark.parametrize(("history", "command", "event"), DECISIONS, ids=BY)
def test_nobody_is_denied_or_revoked_before_they_were_given_notice(
    history: tuple[Past, ...], command: object, event: object
) -> None:
    said = "Give pristina notice first, and hear it or let the time pass; or say here why it cannot wait."
    given(*history).when(command, by=approver).refused(InvalidInput, said, at=("urgency",))
    given(*history, notice).when(command, by=approver, now=UNTIL - DAY).refused(InvalidInput, said, at=("urgency",))


@pytest.mark.parametrize(("history", "command", "event"), DECISIONS, ids=BY)
def test_after_a_statement_or_its_time_it_is_decided(history: tuple[Past, ...], command: object, event: object) -> None:
    given(*history, notice).when(command, by=approver, now=UNTIL).then(event)
    request = given(*history, notice, statement).when(command, by=approver, now=NOW + 2 * DAY).then(event)
    hearing = request.hearing
    assert (hearing.grounds, hearing.notice_at, hearing.notice_by) == (NOTICE.grounds, NOW, approver)
    assert (hearing.statement, hearing.statement_at, hearing.urgency) == (WHY, NOW + DAY, None)


@pytest.mark.parametrize(("history", "command", "event"), DECISIONS, ids=BY)
def test_what_is_urgent_is_decided_at_once_and_says_why(
    history: tuple[Past, ...], command: DenyRequest | RevokeApproval, event: RequestDenied | ApprovalRevoked
) -> None:
    why = Text("EXERCISE: they march.")
    urgent, expected = replace(command, urgency=why), replace(event, urgency=why)
    alone = given(*history).when(urgent, by=approver).then(expected).hearing
    assert (alone.grounds, alone.notice_at, alone.notice_by, alone.until) == (WHY, NOW, approver, NOW)
    assert (alone.urgency, alone.statement) == (why, None)
    noticed = given(*history, notice).when(urgent, by=approver, now=NOW + DAY).then(expected).hearing
    assert (noticed.grounds, noticed.until, noticed.urgency) == (NOTICE.grounds, UNTIL, why)


def test_urgency_is_stated_only_if_somebody_has_to_be_heard() -> None:
    urgent = replace(DENY, urgency=WHY)
    given(*REVIEWED, notice).when(urgent, by=approver, now=UNTIL).refused(InvalidInput, LEAVE_OUT, at=("urgency",))
    given(*REPORTED, submission(), begun).when(urgent, by=approver).refused(InvalidInput, LEAVE_OUT, at=("urgency",))


def test_without_the_setting_nobody_has_to_be_heard() -> None:
    old = (*REPORTED, submission(), begun)
    given(*old).when(DENY, by=approver).then(DENIED)
    given(*old).when(NOTICE, by=approver).refused(TransitionRefused, "No hearing is required: the mandate did not ask")


def test_a_request_keeps_what_its_mandate_asked_for_then() -> None:
    grant = GrantMandate(authority=KFOR, region=XK, legal_basis=Label("law"), hearing=True)
    answer = given(*REGISTERED).when(grant, by=admin).answer
    assert isinstance(answer, tuple)
    assert answer[0].hearing
    ask = SubmitRequest(force=Label("F"), strength=Strength(1), region=Region("xk/north"), purpose=WHY, period=PERIOD)
    for required in (True, False):
        register = given(*REGISTERED, mandate(hearing=required)).register
        answer = register.command(ask, requester)
        assert isinstance(answer, tuple)
        assert answer[0].hearing is required


def test_a_notice_leaves_time_and_is_given_by_those_who_decide() -> None:
    given(*REVIEWED).when(NOTICE, by=approver).then(GIVEN)
    given(*REVIEWED).when(replace(NOTICE, until=NOW), by=approver).refused(
        InvalidInput, "It must lie in the future", at=("until",)
    )
    for who in (reviewer, requester):
        given(*REVIEWED).when(NOTICE, by=who).refused(NotPermitted, "This takes an approver of kfor")


def test_one_notice_runs_at_a_time() -> None:
    given(*REVIEWED, notice).when(NOTICE, by=approver, now=NOW + DAY).refused(
        TransitionRefused, "Notice is given already: a statement can be made until"
    )
    later = replace(NOTICE, until=UNTIL + 10 * DAY)
    again = replace(GIVEN, until=later.until)
    assert given(*REVIEWED, notice).when(later, by=approver, now=UNTIL).then(again).hearing.statement is None
    given(*REVIEWED, notice, statement).when(later, by=approver, now=NOW + 2 * DAY).then(again)


def test_a_statement_is_made_once_and_in_time_by_those_who_ask() -> None:
    say = MakeStatement(statement=WHY)
    given(*REVIEWED, notice).when(say, by=requester, now=NOW + DAY).then(StatementMade(statement=WHY))
    given(*REVIEWED).when(say, by=requester).refused(TransitionRefused, "No notice was given by kfor")
    given(*REVIEWED, notice).when(say, by=requester, now=UNTIL).refused(
        TransitionRefused, "The time for a statement ended"
    )
    given(*REVIEWED, notice, statement).when(say, by=requester, now=NOW + 2 * DAY).refused(
        TransitionRefused, "A statement was made on"
    )
    given(*REVIEWED, notice).when(say, by=approver).refused(NotPermitted, "This takes a requester of pristina")


def test_a_hearing_ends_with_the_revision_and_with_an_approval_or_its_confirmation() -> None:
    assert given(*REVIEWED, notice, amendment).register.states[REQUEST].hearing is None
    assert given(*REVIEWED, notice, endorsement(), approval()).register.states[REQUEST].hearing is None
    confirmed = Past(event=ApprovalConfirmed(reason=WHY), by=approver)
    assert given(*GRANTED, questioned, notice, confirmed).register.states[REQUEST].hearing is None
    kept = given(*REVIEWED, withheld(), notice, resumed(reviewer)).register.states[REQUEST].hearing
    assert kept.grounds == NOTICE.grounds


def test_a_notice_hinders_no_approval() -> None:
    answer = given(*REVIEWED, endorsement(), notice).when(ApproveRequest(reason=WHY), by=approver).answer
    assert isinstance(answer, tuple)


def test_the_explanation_says_what_is_lacking() -> None:
    def heard(*history: Past) -> tuple[bool, bool, str]:
        outlook = given(*history).register.explain(approver, REQUEST, NOW + 2 * DAY)["DENY"]
        [verdict] = [each for each in outlook.verdicts if each.rule == "HEARD"]
        return outlook.available, verdict.met, verdict.description

    assert heard(*REVIEWED) == (True, False, "Notice has to be given to pristina first, unless it is urgent.")
    assert heard(*REVIEWED, notice, statement)[:2] == (True, True)
    outlook = given(*REPORTED, submission(), begun).register.explain(approver, REQUEST)["DENY"]
    assert "HEARD" not in str(outlook)


def awaited(*history: Past) -> dict[str, tuple[object, object]]:
    steps = awaited_steps(given(*history).register.states[REQUEST])
    return {step.action: (step.since, step.due) for step in steps}


def test_notice_and_statement_and_denial_are_awaited_in_turn() -> None:
    opposed = (*REVIEWED, endorsement(recommendation=Recommendation.DENY))
    assert "GIVE_NOTICE" in awaited(*opposed)
    assert "DENY" not in awaited(*opposed)
    noticed = awaited(*opposed, notice)
    assert noticed["MAKE_STATEMENT"] == (NOW, UNTIL)
    assert noticed["DENY"][0] == UNTIL
    assert "GIVE_NOTICE" not in noticed
    heard = awaited(*opposed, notice, statement)
    assert heard["DENY"][0] == NOW + DAY
    assert "MAKE_STATEMENT" not in heard


def test_a_notice_is_named_after_its_author_as_a_decision_is() -> None:
    request = given(*REVIEWED, notice, statement).register.states[REQUEST]
    assert internal_parts(request.deliberations, GIVEN, approver) == ()
    assert internal_parts(request.deliberations, statement.event, requester) == ()


def test_a_request_has_at_most_a_thousand_notices() -> None:
    register = given(*REVIEWED, *[notice, statement] * (ITEMS - 1)).register
    assert isinstance(register.judge(NOTICE, approver, now=NOW + 2 * DAY), tuple)
    for past in (notice, statement):
        register.record(past)
    refusal = register.judge(NOTICE, approver, now=NOW + 2 * DAY)
    assert isinstance(refusal, TransitionRefused)
    assert "It has 1,000 notices, the maximum: decide it." in refusal.message
