"""An approval is extended: asked for, endorsed and granted like an approval, or refused. It stands meanwhile."""

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from domain.decider import Context, Outlook
from domain.deployment_request.commands import ConfirmApproval, ExpireApproval, RevokeApproval
from domain.deployment_request.events import (
    ExtensionAsked,
    ExtensionEndorsed,
    ExtensionGranted,
    ExtensionRefused,
    Recommendation,
    RequestRemarked,
)
from domain.deployment_request.extension import AskExtension, EndorseExtension, GrantExtension, RefuseExtension
from domain.deployment_request.inbox import awaited_steps
from domain.deployment_request.lifecycle import outlooks
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.deployment_request.visibility import disclosed, internal_parts
from domain.jurisdiction import MandateEnded
from domain.limits import ITEMS
from domain.policies.approvals import EXPIRE_APPROVAL
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import SYSTEM, Actor, Quorum, Text
from tests.domain.case import (
    APPROVED,
    DAY,
    ENDORSED,
    HISTORIES,
    KFOR,
    PERIOD,
    REPORTED,
    REQUEST,
    WHY,
    XK,
    admin,
    approval,
    approver,
    begun,
    colleague,
    endorsement,
    finding,
    ground,
    person,
    questioned,
    requester,
    retraction,
    reviewer,
    revocation,
    second_reviewer,
    submission,
)
from tests.specification import NOW, Past, given

LATER = PERIOD.end + 30 * DAY
ASK = AskExtension(until=LATER, reason=WHY)
ENDORSE = EndorseExtension(recommendation=Recommendation.APPROVE, reason=WHY)
GRANT, REFUSE = GrantExtension(reason=WHY), RefuseExtension(reason=WHY)
ASKED = ExtensionAsked(until=LATER, reason=WHY)
OVER = Past(event=MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW), by=admin)
GRANTED = ExtensionGranted(until=LATER, reason=WHY)
asked = Past(event=ASKED, by=requester)
granted = Past(event=GRANTED, by=approver)
refused = Past(event=ExtensionRefused(reason=WHY), by=approver)
AWAITING = (*APPROVED, asked)


def recommended(by: Actor = reviewer, recommendation: Recommendation = Recommendation.APPROVE) -> Past:
    return Past(event=ExtensionEndorsed(recommendation=recommendation, reason=WHY, revision=1), by=by)


RECOMMENDED = (*AWAITING, recommended())


def ends(request: DeploymentRequest) -> tuple[datetime | None, datetime | None]:
    assert request.decision is not None
    assert request.decision.granted_period is not None
    return request.decision.granted_period.end, request.decision.valid_until


def test_the_requesting_side_asks_while_the_approval_stands() -> None:
    request = given(*APPROVED).when(ASK, by=colleague).then(ASKED)
    extension = request.extension
    assert (extension.until, extension.reason, extension.asked_by, extension.asked_at) == (LATER, WHY, colleague, NOW)
    assert (request.status, ends(request)) == (RequestStatus.APPROVED, (PERIOD.end, None))


def test_a_grant_moves_the_end_of_the_granted_period_and_of_the_validity() -> None:
    request = given(*RECOMMENDED).when(GRANT, by=approver).then(GRANTED)
    assert (ends(request), request.extension, request.expires_at) == ((LATER, None), None, LATER)
    limited = (*ENDORSED, approval(valid_until=PERIOD.end - DAY))
    request = given(*limited, asked, recommended()).when(GRANT, by=approver).then(GRANTED)
    assert ends(request) == (LATER, LATER)


def test_a_grant_shortens_nothing() -> None:
    limited = (*ENDORSED, approval(valid_until=PERIOD.end - 9 * DAY))
    sooner = replace(ASKED, until=PERIOD.end - 2 * DAY)
    history = (*limited, replace(asked, event=sooner), recommended())
    request = given(*history).when(GRANT, by=approver).then(replace(GRANTED, until=sooner.until))
    assert ends(request) == (PERIOD.end, sooner.until)


def test_it_can_be_extended_again_and_then_needs_other_endorsements() -> None:
    again = replace(ASKED, until=LATER + DAY)
    history = (*RECOMMENDED, granted, replace(asked, event=again))
    given(*history).when(GRANT, by=approver).refused(TransitionRefused, "0 of 1 endorsement of the extension")
    request = given(*history, recommended()).when(GRANT, by=approver).then(replace(GRANTED, until=again.until))
    assert ends(request) == (again.until, None)


def test_a_refusal_leaves_the_approval_as_it_was() -> None:
    request = given(*AWAITING).when(REFUSE, by=approver).then(refused.event)
    assert (request.extension, request.status, ends(request)) == (None, RequestStatus.APPROVED, (PERIOD.end, None))
    given(*AWAITING, refused).when(ASK, by=requester).then(ASKED)


@pytest.mark.parametrize(
    ("until", "now", "said"),
    [
        (NOW, NOW, "It must lie in the future"),
        (NOW - DAY, NOW, "It must lie in the future"),
        (PERIOD.end, NOW, "It must lie after the end of the approval, 15 June 2025, 00:00 UTC: name a later instant."),
        (PERIOD.end - DAY, NOW, "It must lie after the end of the approval"),
    ],
)
def test_the_new_end_lies_ahead_and_after_the_present_one(until: datetime, now: datetime, said: str) -> None:
    given(*APPROVED).when(replace(ASK, until=until), by=requester, now=now).refused(InvalidInput, said, at=("until",))


def test_the_present_end_is_that_of_the_validity_where_it_is_sooner() -> None:
    limited = (*ENDORSED, approval(valid_until=PERIOD.end - 9 * DAY))
    between = replace(ASK, until=PERIOD.end - 8 * DAY)
    given(*limited).when(between, by=requester).then(replace(ASKED, until=between.until))


def test_it_is_asked_for_once_at_a_time() -> None:
    given(*AWAITING).when(ASK, by=colleague).refused(
        TransitionRefused, "is asked for already: kfor is to grant or to refuse it first."
    )


@pytest.mark.parametrize("command", [ENDORSE, GRANT, REFUSE])
def test_only_what_is_asked_for_is_decided(command: object) -> None:
    by = reviewer if command is ENDORSE else approver
    for history in (APPROVED, (*RECOMMENDED, granted), (*AWAITING, refused)):
        given(*history).when(command, by=by).refused(
            TransitionRefused, "No extension is asked for: a requester of pristina can ask for one."
        )


def test_it_takes_the_quorum_of_the_request_and_more_for_than_against() -> None:
    two = (*REPORTED, submission(endorsements_required=Quorum(2)), begun)
    history = (*two, endorsement(), endorsement(second_reviewer), approval(), asked, recommended())
    given(*history).when(GRANT, by=approver).refused(
        TransitionRefused, "1 of 2 endorsements of the extension that a grant needs: a reviewer of kfor"
    )
    given(*history, recommended(second_reviewer)).when(GRANT, by=approver).then(GRANTED)
    against = recommended(second_reviewer, Recommendation.DENY)
    given(*RECOMMENDED, against).when(GRANT, by=approver).refused(TransitionRefused, "1 for approval and 1 against")


def test_four_eyes() -> None:
    both = person("both", approver.authority, *reviewer.roles, *approver.roles)
    given(*AWAITING, recommended(both)).when(GRANT, by=both).refused(TransitionRefused, "Your own is not counted.")
    given(*AWAITING, recommended(both)).when(GRANT, by=approver).then(GRANTED)
    given(*RECOMMENDED).when(ENDORSE, by=reviewer).refused(
        TransitionRefused, "You have endorsed the extension: each person endorses an extension once."
    )


@pytest.mark.parametrize("command", [ENDORSE, GRANT, REFUSE, RevokeApproval(reason=WHY)])
def test_whoever_asked_is_interested(command: object) -> None:
    turncoat = person(requester.subject, approver.authority, *reviewer.roles, *approver.roles)
    by_colleague = (*REPORTED, submission(by=colleague), begun, endorsement(), approval(), asked, recommended())
    given(*by_colleague).when(command, by=turncoat).refused(NotPermitted, "or asked to extend its approval")


def test_only_those_who_ask_and_those_who_decide_take_part() -> None:
    given(*APPROVED).when(ASK, by=reviewer).refused(NotPermitted, "This takes a requester of pristina")
    given(*AWAITING).when(ENDORSE, by=requester).refused(NotPermitted, "This takes a reviewer of kfor")
    for command in (GRANT, REFUSE):
        given(*RECOMMENDED).when(command, by=reviewer).refused(NotPermitted, "This takes an approver of kfor")


def test_a_questioned_approval_is_confirmed_before_it_is_extended() -> None:
    resting = (*ENDORSED, finding(), approval(ground(2)), asked, recommended(), retraction(), questioned)
    given(*resting).when(GRANT, by=approver).refused(TransitionRefused, "it is to be confirmed before it is extended")
    when = given(*resting).when(ConfirmApproval(reason=WHY), by=approver)
    assert isinstance(when.register.judge(GRANT, approver), tuple)
    given(*resting).when(REFUSE, by=approver).then(refused.event)


def test_a_grant_takes_a_mandate() -> None:
    given(*RECOMMENDED, OVER).when(GRANT, by=approver).refused(TransitionRefused, "No mandate of kfor covers")


def test_it_ends_with_the_approval() -> None:
    assert given(*RECOMMENDED, revocation).register.states[REQUEST].extension is None
    over = {"by": SYSTEM, "now": PERIOD.end}
    request = given(*RECOMMENDED).when(ExpireApproval(reason=WHY), **over).register.states[REQUEST]  # type: ignore[arg-type]
    assert (request.status, request.extension) == (RequestStatus.EXPIRED, None)


@pytest.mark.parametrize(("command", "by"), [(ASK, requester), (ENDORSE, second_reviewer), (GRANT, approver)])
def test_what_is_over_is_not_extended_though_it_has_not_expired_yet(command: object, by: Actor) -> None:
    history = APPROVED if command is ASK else RECOMMENDED
    given(*history).when(command, by=by, now=PERIOD.end).refused(
        TransitionRefused, "The approval ended on 15 June 2025"
    )


@pytest.mark.parametrize("status", [each for each in RequestStatus if each is not RequestStatus.APPROVED])
def test_only_an_approval_is_extended(status: RequestStatus) -> None:
    given(*HISTORIES[status]).when(ASK, by=requester).refused(TransitionRefused, "it would have to be approved")


def test_an_extended_approval_expires_at_its_new_end_because_of_the_grant() -> None:
    register = given(*RECOMMENDED, granted).register
    request = register.states[REQUEST]
    before, after = (Context(actor=SYSTEM, now=now, subject=REQUEST) for now in (LATER - DAY, LATER))
    assert EXPIRE_APPROVAL.react(request, before) is None
    assert EXPIRE_APPROVAL.react(request, after) == ExpireApproval(
        reason=Text("The approval ended on 15 July 2025, 00:00 UTC.")
    )
    assert EXPIRE_APPROVAL.cause(request, after) == register.log[-1].position


def test_what_was_recommended_and_why_is_internal() -> None:
    request = given(*RECOMMENDED).register.states[REQUEST]
    seen = disclosed(request).extension
    assert seen is not None
    assert (seen.endorsements, seen.endorsements_counted, seen.asked_by) == ((), 1, requester)
    for past, parts in (
        (recommended(), ("actor", "recommendation", "reason")),
        (asked, ()),
        (granted, ()),
        (refused, ()),
    ):
        assert internal_parts(request.deliberations, past.event, past.by) == parts


def seen_by_requesters(request: DeploymentRequest, context: Context) -> tuple[Outlook, ...]:
    return outlooks(request, replace(context, deliberations=False))


def test_who_may_not_read_them_learns_how_many_endorsed() -> None:
    register = given(*RECOMMENDED).register
    request = disclosed(register.states[REQUEST])
    found = register.ask(partial(seen_by_requesters, request), requester, REQUEST)
    [outlook] = [each for each in found if each.action == "GRANT_EXTENSION"]
    assert outlook.possible
    assert "1 endorsement of the extension; a grant needs 1 that recommend it." in str(outlook.verdicts)
    assert reviewer.subject not in str(outlook)


def awaited(*history: Past) -> dict[str, tuple[str, datetime | None]]:
    steps = awaited_steps(given(*history).register.states[REQUEST])
    return {step.action: (step.why, step.due) for step in steps}


def test_it_waits_for_reviewers_and_then_for_an_approver() -> None:
    until = "15 July 2025, 00:00 UTC"
    asks = f"pristina asks to extend the approval until {until}. Endorsements: {{}}; a grant needs 1."
    assert awaited(*APPROVED) == {}
    assert awaited(*AWAITING) == {"ENDORSE_EXTENSION": (asks.format(0), PERIOD.end)}
    can = f"The extension until {until} can be decided. Endorsements for approval: 1; against: 0."
    assert awaited(*RECOMMENDED) == {
        "ENDORSE_EXTENSION": (asks.format(1), PERIOD.end),
        "GRANT_EXTENSION": (can, PERIOD.end),
    }
    against = awaited(*AWAITING, recommended(recommendation=Recommendation.DENY))
    assert against.keys() == {"ENDORSE_EXTENSION", "REFUSE_EXTENSION"}
    assert awaited(*RECOMMENDED, granted) == {}


def test_a_request_is_extended_at_most_a_thousand_times() -> None:
    register = given(*APPROVED, *[asked, refused] * (ITEMS - 1)).register
    assert isinstance(register.judge(ASK, requester), tuple)
    for past in (asked, refused):
        register.record(past)
    refusal = register.judge(ASK, requester)
    assert isinstance(refusal, TransitionRefused)
    assert "It has 1,000 extensions, the maximum: submit another request for what follows." in refusal.message
    crowd = [recommended(person(f"r{n}", approver.authority, *reviewer.roles)) for n in range(ITEMS)]
    given(*AWAITING, *crowd).when(ENDORSE, by=reviewer).refused(
        TransitionRefused, "It has 1,000 endorsements of the extension, the maximum: decide on it."
    )


@pytest.mark.parametrize("command", [GRANT, REFUSE])
def test_the_decision_on_it_is_never_refused_for_lack_of_room(command: object) -> None:
    full = Past(event=RequestRemarked(reason=Text("\U0001f30a" * 20_000)), by=requester)
    answer = given(*RECOMMENDED, *[full] * 1_300).when(command, by=approver).answer
    assert isinstance(answer, tuple), answer
