"""A request is decided on: approved with its endorsements, denied, confirmed, revoked."""

from dataclasses import replace
from uuid import UUID

import pytest

from domain.deployment_request import commands as c
from domain.deployment_request.decision import DecisionOutcome
from domain.deployment_request.events import (
    ApprovalConfirmed,
    ApprovalRevoked,
    Recommendation,
    RequestApproved,
    RequestDenied,
    RequestRemarked,
)
from domain.deployment_request.state import RequestStatus
from domain.jurisdiction import MandateEnded
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import Period, Quorum, Role, Strength, Text
from tests.domain.case import (
    APPROVED,
    BRIDGE,
    DAY,
    ENDORSED,
    KFOR,
    PERIOD,
    PLACE,
    PRISTINA,
    REPORTED,
    REQUEST,
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
    endorsement,
    finding,
    ground,
    incident,
    mandate,
    questioned,
    recusal,
    requester,
    retraction,
    reviewer,
    second_reviewer,
    submission,
    third_reviewer,
)
from tests.specification import NOW, Past, given

APPROVE = c.ApproveRequest(reason=WHY)
GRANTED: RequestApproved = approval().event
OTHER = UUID(int=7)
FOR, AGAINST = Recommendation.APPROVE, Recommendation.DENY


def test_an_approver_grants_what_was_asked_on_the_findings_that_stand() -> None:
    history = (*ENDORSED, finding())
    request = given(*history).when(APPROVE, by=approver).then(replace(GRANTED, grounds=(ground(2),)))
    decision = request.decision
    assert (request.status, decision.outcome) == (RequestStatus.APPROVED, DecisionOutcome.APPROVED)
    assert (decision.decided_by, decision.decided_at) == (approver, NOW)
    assert (decision.granted_strength, decision.granted_period) == (request.strength, request.period)
    assert decision.grounds == decision.rests_on == (ground(2),)


def test_or_less_with_conditions_and_an_end() -> None:
    shorter = Period(start=PERIOD.start + DAY, end=PERIOD.end - DAY)
    command = c.ApproveRequest(
        reason=WHY,
        strength=Strength(60),
        period=shorter,
        conditions=(c.NewCondition(text=Text("Unarmed."), due_by=NOW + DAY), c.NewCondition(text=Text("By day."))),
        valid_until=NOW + 10 * DAY,
    )
    register = given(*ENDORSED).register
    answer = register.command(command, approver)
    assert isinstance(answer, tuple)
    (event,) = answer
    assert (event.strength, event.period, event.valid_until) == (60, shorter, NOW + 10 * DAY)
    assert [(each.text, each.due_by) for each in event.conditions] == [
        (Text("Unarmed."), NOW + DAY),
        (Text("By day."), None),
    ]
    assert len({each.id for each in event.conditions}) == 2
    request = register.states[REQUEST]
    assert request.next_due() == NOW + DAY
    assert (request.is_overdue(NOW), request.is_overdue(NOW + DAY)) == (False, True)


def test_decide_and_evolve_give_conditions_the_same_ids() -> None:
    command = replace(APPROVE, conditions=(c.NewCondition(text=WHY),))
    assert given(*ENDORSED).when(command, by=approver).answer == given(*ENDORSED).when(command, by=approver).answer


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"strength": Strength(121)}, "strength"),
        ({"period": Period(start=PERIOD.start - DAY, end=PERIOD.end)}, "period"),
        ({"period": Period(start=PERIOD.start, end=PERIOD.end + DAY)}, "period"),
    ],
)
def test_no_more_is_granted_than_was_asked_for(fields: dict[str, object], path: str) -> None:
    command = replace(APPROVE, **fields)  # type: ignore[arg-type]
    given(*ENDORSED).when(command, by=approver).refused(InvalidInput, "request", at=(path,))


def test_all_that_was_asked_for_can_be_granted_by_name() -> None:
    given(*ENDORSED).when(replace(APPROVE, strength=GRANTED.strength, period=PERIOD), by=approver).then(GRANTED)


def test_the_period_that_was_asked_for_is_reported_in_utc() -> None:
    longer = Period(start=PERIOD.start, end=PERIOD.end + DAY)
    given(*ENDORSED).when(replace(APPROVE, period=longer), by=approver).refused(
        InvalidInput, "from 15 December 2024, 00:00 UTC to 15 June 2025, 00:00 UTC."
    )


# Four eyes and quorum


def endorsed(quorum: int, *endorsements: Past) -> tuple[Past, ...]:
    return (*REPORTED, submission(endorsements_required=Quorum(quorum)), begun, *endorsements)


own = endorsement(replace(approver, roles=(Role.REVIEWER,)))
two, three = endorsement(second_reviewer), endorsement(third_reviewer)
against, against_too = endorsement(second_reviewer, AGAINST), endorsement(third_reviewer, AGAINST)
LACKING = "that an approval needs: a reviewer of kfor who is neither recused nor interested can endorse it."


@pytest.mark.parametrize(
    ("history", "said"),
    [
        (endorsed(1), f"0 of 1 endorsement of revision 1 {LACKING}"),
        (endorsed(2, endorsement()), f"1 of 2 endorsements of revision 1 {LACKING}"),
        (endorsed(1, own), f"0 of 1 endorsement of revision 1 {LACKING} Your own is not counted."),
        (endorsed(1, endorsement(), amendment), f"0 of 1 endorsement of revision 2 {LACKING}"),
        (endorsed(1, endorsement(), recusal), f"0 of 1 endorsement of revision 1 {LACKING}"),
        (endorsed(1, against), f"0 of 1 endorsement of revision 1 {LACKING}"),
        (endorsed(1, endorsement(), against), "1 for approval and 1 against: it takes more for than against."),
        (endorsed(1, endorsement(), against, against_too), "1 for approval and 2 against"),
        (endorsed(3, endorsement(), two, own), f"2 of 3 endorsements of revision 1 {LACKING} Your own is not counted."),
    ],
    ids=["none", "too few", "own", "stale", "recused", "against", "a tie", "a minority", "own on top"],
)
def test_no_approval_without_its_endorsements(history: tuple[Past, ...], said: str) -> None:
    when = given(*history).when(APPROVE, by=approver)
    when.refused(
        TransitionRefused,
        said,
        status="UNDER_REVIEW",
        available=("RECUSE", "ASSIGN", "DENY", "REMARK", "CHANGE_MARKING"),
    )
    assert isinstance(when.answer, TransitionRefused)
    assert ("Your own" in when.answer.message) is ("Your own" in said)


@pytest.mark.parametrize(
    "history",
    [
        endorsed(1, endorsement()),
        endorsed(1, own, endorsement()),
        endorsed(1, endorsement(), two, against_too),
        endorsed(2, endorsement(), two, three),
        endorsed(1, endorsement(), amendment, endorsement(revision=2)),
        endorsed(1, two, endorsement(), recusal),
        endorsed(1, endorsement(recommendation=AGAINST), two, recusal),
    ],
    ids=["enough", "own beside it", "a majority", "more than enough", "again", "another's left", "a contrary one gone"],
)
def test_an_approval_with_them(history: tuple[Past, ...]) -> None:
    assert isinstance(given(*history).when(APPROVE, by=approver).answer, tuple)


def test_the_quorum_is_what_the_mandate_asked_for_on_submission() -> None:
    stricter = mandate(PLACE, endorsements_required=Quorum(10))
    given(*ENDORSED, stricter).when(APPROVE, by=approver).then(GRANTED)


@pytest.mark.parametrize("command", [APPROVE, c.DenyRequest(reason=WHY)])
def test_an_interested_person_does_not_decide(command: object) -> None:
    asker = replace(requester, authority=KFOR, roles=(Role.APPROVER,))
    amended = replace(amendment, by=replace(approver, authority=PRISTINA))
    for history, actor in ((ENDORSED, asker), ((*UNDER_REVIEW, amended, endorsement(revision=2)), approver)):
        given(*history).when(command, by=actor).refused(
            NotPermitted,
            "You submitted or amended the request, or asked to extend its approval, and are interested in it: "
            "this takes an approver of kfor who is neither recused nor interested.",
        )


# The mandate

ended = Past(event=MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW), by=admin, at=NOW)


def test_nothing_is_approved_while_no_mandate_of_the_deciding_authority_covers_the_region() -> None:
    given(*ENDORSED, ended).when(APPROVE, by=approver).refused(
        TransitionRefused, "No mandate of kfor covers xk/north/zubin-potok: an administrator can grant one."
    )
    given(*ENDORSED, ended, mandate(of=THIRD, valid_from=NOW)).when(APPROVE, by=approver).refused(TransitionRefused)


def test_all_else_goes_on_without_a_mandate() -> None:
    given(*UNDER_REVIEW, ended).when(c.DenyRequest(reason=WHY), by=approver).then(RequestDenied(reason=WHY))


def test_a_nearer_mandate_of_another_takes_nothing_from_a_request_that_was_submitted() -> None:
    given(*ENDORSED, mandate(PLACE, of=THIRD)).when(APPROVE, by=approver).then(GRANTED)
    given(*ENDORSED, ended, mandate(PLACE, valid_from=NOW)).when(APPROVE, by=approver).then(GRANTED)


# Denial, and what follows a decision


@pytest.mark.parametrize("history", [UNDER_REVIEW, WITHHELD])
def test_an_approver_denies_on_the_findings_that_stand(history: tuple[Past, ...]) -> None:
    weak = finding(party=None)
    request = (
        given(*history, weak)
        .when(c.DenyRequest(reason=WHY), by=approver)
        .then(RequestDenied(reason=WHY, grounds=(ground(2, party=None),)))
    )
    assert (request.status, request.hold) == (RequestStatus.DENIED, None)
    assert request.decision.outcome is DecisionOutcome.DENIED
    assert request.decision.grounds == request.decision.rests_on == (ground(2, party=None),)
    assert (request.decision.granted_strength, request.decision.granted_period) == (None, None)
    assert request.decision.expires_at is None
    assert request.next_due() is None


QUESTIONED = (*ENDORSED, finding(), approval(ground(2)), retraction(), questioned)


def test_only_what_is_questioned_is_confirmed() -> None:
    given(*QUESTIONED).when(c.ConfirmApproval(reason=WHY), by=approver).then(ApprovalConfirmed(reason=WHY))
    given(*APPROVED).when(c.ConfirmApproval(reason=WHY), by=approver).refused(
        TransitionRefused,
        "The approval is not questioned: only a questioned approval can be confirmed.",
        available=("REVOKE", "REMARK", "CHANGE_MARKING"),
    )


@pytest.mark.parametrize("history", [APPROVED, QUESTIONED])
def test_an_approval_is_revoked_questioned_or_not(history: tuple[Past, ...]) -> None:
    request = given(*history).when(c.RevokeApproval(reason=WHY), by=approver).then(ApprovalRevoked(reason=WHY))
    assert request.status is RequestStatus.REVOKED
    assert request.decision.outcome is DecisionOutcome.APPROVED


def test_it_rests_on_the_incidents_of_the_request_alone() -> None:
    other = (incident(BRIDGE), finding(on=BRIDGE))
    given(*ENDORSED, finding(), *other).when(APPROVE, by=approver).then(replace(GRANTED, grounds=(ground(2),)))


def test_conditions_of_two_requests_and_of_two_approvals_have_ids_of_their_own() -> None:
    command = replace(APPROVE, conditions=(c.NewCondition(text=WHY), c.NewCondition(text=WHY)))
    remarked = Past(event=RequestRemarked(reason=WHY), by=reviewer)
    moved = tuple(replace(past, on=OTHER) if past.stream == REQUEST else past for past in ENDORSED)
    ids = [
        each.id
        for history, on in ((ENDORSED, REQUEST), ((*ENDORSED, remarked), REQUEST), (moved, OTHER))
        for each in given(*history).when(command, by=approver, on=on).answer[0].conditions  # type: ignore[index]
    ]
    assert len(set(ids)) == 6
