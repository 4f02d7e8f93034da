"""When the mandate of the deciding authority has ended, the authority that now covers the region takes over."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain import visibility
from domain.deployment_request.commands import ApproveRequest, BeginReview, DenyRequest, EndorseRequest
from domain.deployment_request.events import (
    ApprovalConfirmed,
    ExtensionAsked,
    ExtensionEndorsed,
    FulfilmentReported,
    Recommendation,
    RequestAssigned,
    RequestDenied,
)
from domain.deployment_request.hearing_events import NoticeGiven
from domain.deployment_request.inbox import awaited_steps
from domain.deployment_request.state import RequestStatus
from domain.deployment_request.succession import NameSuccessor, TakeOverRequest
from domain.deployment_request.succession_events import RequestTakenOver, SuccessorNamed
from domain.deployment_request.visibility import internal_parts
from domain.jurisdiction import MandateEnded
from domain.policies.successions import NAME_SUCCESSOR
from domain.refusals import NotFound, NotPermitted, TransitionRefused
from domain.vocabulary import SYSTEM, Actor, Days, Marking, Quorum, Region, Role
from tests.domain.case import (
    CONDITION,
    DAY,
    ENDORSED,
    HISTORIES,
    KFOR,
    PERIOD,
    PRISTINA,
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
    approval,
    approver,
    begun,
    condition,
    incident,
    mandate,
    person,
    questioned,
    requester,
    reviewer,
    submission,
)
from tests.domain.following import settled
from tests.domain.inboxes import expected, listed
from tests.specification import NOW, MemoryRegister, Past, given

NORTH = Region("xk/north")
ended = Past(event=MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW - DAY), by=admin)
successor = mandate(NORTH, of=THIRD, valid_from=NOW - DAY, endorsements_required=Quorum(2), answer_within_days=Days(9))
named = Past(event=SuccessorNamed(successor=THIRD, reason=WHY), by=SYSTEM)
unnamed = Past(event=SuccessorNamed(reason=WHY), by=SYSTEM)
LAPSED = (ended, successor)
taker = person("taker", THIRD, Role.APPROVER)
third_reviewer = person("third-reviewer", THIRD, Role.REVIEWER)
TAKEN = RequestTakenOver(
    deciding_authority=THIRD, endorsements_required=Quorum(2), answer_within_days=Days(9), reason=WHY
)
taken = Past(event=TAKEN, by=taker)
TAKE_OVER = TakeOverRequest(reason=WHY)
DENY = DenyRequest(reason=WHY)
DECIDED = list(RequestStatus)[3:]


def after(*past: Past, now: Any = NOW) -> MemoryRegister:
    """With all that follows by itself."""
    register = given(*past).register
    settled(register, now)
    return register


@pytest.mark.parametrize("history", [SUBMITTED, UNDER_REVIEW, WITHHELD])
def test_the_register_names_the_successor_with_its_cause(history: tuple[Past, ...]) -> None:
    register = after(*history, *LAPSED)
    event = register.log[-1].event
    assert isinstance(event, SuccessorNamed)
    assert event.successor == THIRD
    assert event.reason.value == (
        "The mandate of kfor no longer covers xk/north/zubin-potok, and that of third does: it is to take over."
    )
    assert register.states[REQUEST].status == given(*history).register.states[REQUEST].status
    state = given(*history, *LAPSED).register
    cause = state.ask(lambda context: NAME_SUCCESSOR.cause(state.states[REQUEST], context), SYSTEM, REQUEST)
    assert cause == len(state.log), "the grant, by which the mandate that covers the region now began"


@pytest.mark.parametrize("status", DECIDED)
def test_a_decided_request_stays_with_who_decided_it(status: RequestStatus) -> None:
    register = after(*HISTORIES[status], *LAPSED)
    assert not any(isinstance(each.event, SuccessorNamed) for each in register.log)
    refused = given(*HISTORIES[status], *LAPSED, named).when(TAKE_OVER, by=taker)
    refused.refused(TransitionRefused, "it would have to be submitted, under review or withheld")


@pytest.mark.parametrize(
    "mandates",
    [
        (),
        (successor,),
        (ended,),
        (ended, mandate(XK, of=KFOR, valid_from=NOW - DAY), successor),
        (ended, mandate(NORTH, of=KFOR, valid_from=NOW - DAY), mandate(Region("xk/north/zubin-potok"), of=THIRD)),
        (ended, mandate(NORTH, of=PRISTINA, valid_from=NOW - DAY)),
        (ended, mandate(Region("xk/south"), of=THIRD)),
        (ended, mandate(NORTH, of=THIRD, valid_from=NOW + DAY)),
    ],
)
def test_nobody_is_named_while_a_mandate_of_the_decider_covers_it_or_nobody_elses_does(
    mandates: tuple[Past, ...],
) -> None:
    register = given(*SUBMITTED, *mandates).register
    settled(register, NOW)
    assert not any(isinstance(each.event, SuccessorNamed) for each in register.log)
    assert register.states[REQUEST].successor is None


def test_a_mandate_that_ends_by_its_own_date_has_a_successor_too() -> None:
    until = (*REGISTERED, mandate(valid_until=NOW - DAY), incident(), submission())
    assert after(*until, successor).states[REQUEST].successor == THIRD


def test_the_register_corrects_itself_when_the_mandates_change_again() -> None:
    again = mandate(XK, valid_from=NOW - timedelta(hours=1))
    register = after(*SUBMITTED, *LAPSED, named, again)
    event = register.log[-1].event
    assert isinstance(event, SuccessorNamed)
    assert (event.successor, register.states[REQUEST].successor) == (None, None)
    assert after(*SUBMITTED, *LAPSED, named).log[-1].event == named.event, "and says nothing twice"


def test_only_the_register_names_a_successor() -> None:
    command = NameSuccessor(successor=THIRD, reason=WHY)
    given(*SUBMITTED, *LAPSED).when(command, by=approver).refused(NotPermitted, "Only the register")
    given(*SUBMITTED, *LAPSED).when(command, by=SYSTEM).then(SuccessorNamed(successor=THIRD, reason=WHY))
    given(*SUBMITTED, *LAPSED, named).when(command, by=SYSTEM).refused(TransitionRefused, "recorded already")
    given(*SUBMITTED).when(command, by=SYSTEM).refused(TransitionRefused, "recorded already")


def test_the_successor_sees_the_request_from_then_on() -> None:
    given(*SUBMITTED, *LAPSED).when(TAKE_OVER, by=taker).refused(NotFound)
    before, then = (given(*SUBMITTED, *LAPSED, *more).register.states[REQUEST] for more in ((), (named,)))
    assert then.audience == before.audience | {visibility.authority(THIRD)}
    assert then.deliberations == before.deliberations, "but not what was deliberated"
    assert given(*SUBMITTED, *LAPSED, named, unnamed).register.states[REQUEST].audience == before.audience


@pytest.mark.parametrize("history", [SUBMITTED, UNDER_REVIEW, WITHHELD, ENDORSED])
def test_the_successor_takes_over_and_the_review_begins_anew(history: tuple[Past, ...]) -> None:
    notice = Past(event=NoticeGiven(reason=WHY, until=NOW + DAY), by=approver)
    assigned = Past(event=RequestAssigned(subject=reviewer.subject, reason=WHY), by=approver)
    state = given(*history, notice, assigned, *LAPSED, named).when(TAKE_OVER, by=taker).then(TAKEN)
    assert (state.status, state.deciding_authority) == (RequestStatus.SUBMITTED, THIRD)
    assert (state.revision, state.endorsements_required, state.endorsements_counted) == (2, 2, 0)
    assert (state.hold, state.release, state.hearing, state.assigned_to, state.successor) == (None,) * 5
    assert (state.answer_by, state.hearing_required) == (NOW + 9 * DAY, False)
    assert (state.former_deciders, state.deciders) == ((KFOR,), (THIRD, KFOR))


def test_endorsements_of_the_former_authority_no_longer_count() -> None:
    whole = replace(taken, event=replace(TAKEN, endorsements_required=Quorum(1)))
    register = given(*ENDORSED, *LAPSED, named, whole).register
    assert "BEGIN_REVIEW" in register.available(third_reviewer, REQUEST)
    assert "BEGIN_REVIEW" not in register.available(reviewer, REQUEST)
    register.command(BeginReview(reason=WHY), third_reviewer)
    assert not any(map(register.states[REQUEST].counts, register.states[REQUEST].endorsements))
    refused = register.judge(ApproveRequest(reason=WHY), taker)
    assert isinstance(refused, TransitionRefused)
    assert "0 of 1 endorsement of revision 2" in refused.message
    moved = replace(reviewer, authority=THIRD)
    assert isinstance(register.command(EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), moved), tuple)
    assert isinstance(register.command(ApproveRequest(reason=WHY), taker), tuple)


@pytest.mark.parametrize("by", [approver, third_reviewer, requester, person("x", PRISTINA, Role.APPROVER)])
def test_others_take_nothing_over(by: Actor) -> None:
    given(*SUBMITTED, *LAPSED, named).when(TAKE_OVER, by=by).refused(NotPermitted, "an approver of third")


def test_who_asked_takes_nothing_over() -> None:
    turncoat = replace(taker, subject=requester.subject)
    given(*SUBMITTED, *LAPSED, named).when(TAKE_OVER, by=turncoat).refused(NotPermitted, "submitted or amended")


def test_nobody_takes_over_what_is_not_theirs_to_take() -> None:
    given(*SUBMITTED).when(TAKE_OVER, by=approver).refused(TransitionRefused, "Nobody is to take over: kfor decides.")
    clear = (*REPORTED, submission(marking=Marking.CLEAR))
    given(*clear, *LAPSED).when(TAKE_OVER, by=taker).refused(NotPermitted, "an approver of kfor")
    gone = Past(event=MandateEnded(authority=THIRD, region=NORTH, reason=WHY, at=NOW), by=admin)
    given(*SUBMITTED, *LAPSED, named, gone).when(TAKE_OVER, by=taker).refused(TransitionRefused, "No mandate of third")


@pytest.mark.parametrize("history", [UNDER_REVIEW, WITHHELD])
def test_the_former_authority_no_longer_denies_what_another_is_to_decide(history: tuple[Past, ...]) -> None:
    """A denial would end the request, and with it the decision of the authority that holds the mandate."""
    given(*history, *LAPSED, named).when(DENY, by=approver).refused(
        TransitionRefused,
        "The mandate of kfor over xk/north/zubin-potok has ended: third is to take over and decide.",
    )
    given(*history, *LAPSED, named, unnamed).when(DENY, by=approver).then(RequestDenied(reason=WHY))
    for more in ((), (unnamed,)):
        register = given(*history, *LAPSED, named, *more).register
        assert listed(register, approver, NOW) == expected(register, approver, NOW)


def test_both_authorities_read_the_deliberations_and_nobody_else() -> None:
    state = given(*ENDORSED, *LAPSED, named, taken).register.states[REQUEST]
    assert state.deliberations.readers == {
        visibility.AUDITORS,
        visibility.authority(KFOR),
        visibility.authority(THIRD),
    }
    assert {visibility.authority(KFOR), visibility.authority(THIRD)} <= state.audience
    for by in (reviewer, third_reviewer):
        assert internal_parts(state.deliberations, begun.event, by) == ("actor",), "the persons of both are concealed"
    assert internal_parts(state.deliberations, TAKEN, taker) == ()


def test_it_waits_in_the_inbox_of_the_successor() -> None:
    register = given(*SUBMITTED, *LAPSED, named).register
    step = next(each for each in awaited_steps(register.states[REQUEST]) if each.action == "TAKE_OVER")
    assert (step.authority, step.role, step.due, step.region) == (
        THIRD,
        Role.APPROVER,
        PERIOD.start,
        "xk/north/zubin-potok",
    )
    assert step.since == register.states[REQUEST].successor_since
    assert step.why == "The mandate of kfor over xk/north/zubin-potok has ended: third is to take the request over."
    gone = Past(event=MandateEnded(authority=THIRD, region=NORTH, reason=WHY, at=NOW), by=admin)
    for more, waits in (((), True), ((gone,), False), ((taken,), False), ((unnamed,), False)):
        register = given(*SUBMITTED, *LAPSED, named, *more).register
        for who in (taker, approver, third_reviewer, requester):
            assert listed(register, who, NOW) == expected(register, who, NOW)
        assert ("TAKE_OVER" in listed(register, taker, NOW)) is waits


def test_it_is_explained() -> None:
    register = given(*SUBMITTED, *LAPSED, named).register
    outlook = register.explain(requester, REQUEST)["TAKE_OVER"]
    assert (outlook.possible, outlook.available) == (True, False)
    by_rule = {verdict.rule: verdict for verdict in outlook.verdicts}
    assert by_rule["SUCCESSOR"].rests_on == (len(register.log),)
    assert by_rule["MANDATE"].description == "A mandate of third covers xk/north/zubin-potok."


def test_after_it_was_taken_over_it_can_be_taken_over_again() -> None:
    gone = Past(event=MandateEnded(authority=THIRD, region=NORTH, reason=WHY, at=NOW - timedelta(hours=1)), by=admin)
    back = mandate(XK, valid_from=NOW - timedelta(hours=1))
    register = after(*SUBMITTED, *LAPSED, named, taken, gone, back)
    assert register.states[REQUEST].successor == KFOR
    register.command(TAKE_OVER, approver)
    state = register.states[REQUEST]
    assert (state.deciding_authority, state.former_deciders, state.revision) == (KFOR, (KFOR, THIRD), 3)


def test_an_approval_stays_with_the_authority_that_gave_it() -> None:
    """docs/succession.md: it stands and is settled there, and its extension is not granted without a mandate."""
    asked = Past(event=ExtensionAsked(until=PERIOD.end + DAY, reason=WHY), by=requester)
    voted = ExtensionEndorsed(recommendation=Recommendation.APPROVE, reason=WHY, revision=1)
    endorsed = Past(event=voted, by=reviewer)
    reported = Past(event=FulfilmentReported(condition=CONDITION, report=WHY), by=requester)
    history = (*ENDORSED, approval(conditions=(condition,)), reported, questioned, asked, endorsed, *LAPSED)
    register = after(*history)
    request = register.states[REQUEST]
    assert (request.status, request.deciding_authority, request.successor) == (RequestStatus.APPROVED, KFOR, None)
    theirs = set(register.available(approver, REQUEST))
    assert theirs >= {"CONFIRM", "REVOKE", "REFUSE_EXTENSION", "ACCEPT_FULFILMENT", "SEND_BACK_FULFILMENT"}
    assert "GRANT_EXTENSION" not in theirs
    confirmed = after(*history[: -len(LAPSED)], Past(event=ApprovalConfirmed(reason=WHY), by=approver))
    assert "GRANT_EXTENSION" in confirmed.available(approver, REQUEST)
    lapsed = after(*history[: -len(LAPSED)], Past(event=ApprovalConfirmed(reason=WHY), by=approver), *LAPSED)
    assert "GRANT_EXTENSION" not in lapsed.available(approver, REQUEST)
    assert isinstance(register.judge(TAKE_OVER, taker), NotFound), "the next authority does not see what is AMBER"
