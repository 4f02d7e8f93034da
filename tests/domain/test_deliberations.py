"""What of the deliberations on a request is seen by those who do not decide on it."""

from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import pytest

from domain import authority
from domain.deployment_request import events
from domain.deployment_request.commands import SubmitRequest
from domain.deployment_request.events import Recommendation
from domain.deployment_request.lifecycle import outlooks
from domain.deployment_request.visibility import disclosed, disclosed_to, internal_parts, reads_deliberations
from domain.vocabulary import SYSTEM, Actor, Label, Role, Strength, Text
from tests.domain.case import (
    APPROVED,
    KFOR,
    PERIOD,
    PLACE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    amendment,
    approver,
    auditor,
    begun,
    colleague,
    endorsement,
    mandate,
    person,
    recusal,
    remark,
    requester,
    resumed,
    reviewer,
    second_reviewer,
    submission,
    third_reviewer,
)
from tests.domain.trying import TRIED
from tests.specification import MemoryRegister, Past, given

DENY = Recommendation.DENY
of_requesting = person("ombudsman", PRISTINA, Role.AUDITOR)
of_deciding = person("inspector", KFOR, Role.AUDITOR)
clerk = person("clerk", KFOR, Role.OBSERVER)
OPEN = (*REPORTED, submission(deliberations_internal=False))
note = Past(event=events.RequestRemarked(reason=WHY, internal=True), by=reviewer)

changed = Past(event=events.EndorsementChanged(recommendation=DENY, reason=WHY, revision=1), by=reviewer)
assigned = Past(event=events.RequestAssigned(subject=reviewer.subject, reason=WHY), by=approver)


def viewed(register: MemoryRegister, who: Actor) -> bool:
    request = register.states[REQUEST]
    return register.ask(lambda context: reads_deliberations(authority.viewer(context, who), request), who, REQUEST)


@pytest.mark.parametrize(
    ("who", "reads"),
    [
        (reviewer, True),
        (clerk, True),
        (of_deciding, True),
        (auditor, True),
        (SYSTEM, True),
        (requester, False),
        (colleague, False),
        (of_requesting, False),
    ],
    ids=lambda value: getattr(value, "subject", value),
)
def test_the_deciding_authority_and_who_audits_everything_read_them(who: Actor, reads: bool) -> None:
    assert viewed(given(*SUBMITTED).register, who) is reads
    assert viewed(given(*OPEN).register, who)


def test_a_request_keeps_what_its_mandate_said_when_it_was_submitted() -> None:
    submit = SubmitRequest(force=Label("x"), strength=Strength(1), region=PLACE, purpose=WHY, period=PERIOD)
    for internal in (True, False):
        granted = mandate(deliberations_internal=internal)
        state: Any = given(*REGISTERED, granted).when(submit, by=requester).answer
        assert [each.deliberations_internal for each in state] == [internal]


def test_how_many_endorsements_count_is_known_whatever_they_recommend() -> None:
    def counted(*past: Past) -> int:
        number: int = given(*UNDER_REVIEW, *past).register.states[REQUEST].endorsements_counted
        return number

    two = (endorsement(second_reviewer), endorsement(reviewer, DENY))
    assert (counted(), counted(*two), counted(*two, recusal)) == (0, 2, 1)
    assert (counted(*two, amendment), counted(*two, amendment, endorsement(third_reviewer, revision=2))) == (0, 1)
    assert counted(*two, remark) == 2


def test_what_is_disclosed_names_nobody_of_the_deciding_authority_and_no_recommendation() -> None:
    held = (*UNDER_REVIEW, endorsement(), assigned, Past(event=WITHHELD[-1].event, by=reviewer))
    request: Any = given(*held).register.states[REQUEST]
    seen: Any = disclosed(request)
    assert (seen.endorsements, seen.endorsements_counted, seen.assigned_to) == ((), 1, None)
    assert request.assigned_to.subject == reviewer.subject
    assert (seen.hold.held_by.subject, seen.hold.held_by.authority, seen.hold.held_by.roles) == (
        "undisclosed",
        KFOR,
        (),
    )
    assert replace_all(seen) == replace_all(request)
    released: Any = given(*WITHHELD, resumed()).register.states[REQUEST]
    shown: Any = disclosed(released)
    assert shown.release.hold.held_by.subject == "undisclosed"
    by_register: Any = given(*UNDER_REVIEW, Past(event=WITHHELD[-1].event, by=SYSTEM)).register.states[REQUEST]
    shown = disclosed(by_register)
    assert shown.hold.held_by == SYSTEM
    for state in (request, released):
        assert disclosed(replace(state, deliberations_internal=False)) == replace(state, deliberations_internal=False)


def replace_all(request: Any) -> Any:
    return replace(request, endorsements=(), assigned_to=None, hold=None)


def test_who_may_read_them_gets_the_request_as_it_is() -> None:
    register = given(*APPROVED).register
    request = register.states[REQUEST]
    for who, whole in ((reviewer, True), (requester, False)):
        viewer = register.ask(partial(authority.viewer, actor=who), who, REQUEST)
        assert (disclosed_to(viewer, request) is request) is whole


PARTS = [
    (endorsement(), ("actor", "recommendation", "reason")),
    (recusal, ("actor", "reason")),
    (changed, ("actor", "recommendation", "reason")),
    (assigned, ("actor", "subject", "reason")),
    (note, ("actor", "reason")),
    (begun, ("actor",)),
    (replace(remark, by=reviewer), ("actor",)),
    (remark, ()),
    (amendment, ()),
    (Past(event=WITHHELD[-1].event, by=SYSTEM), ()),
    (Past(event=events.RequestDenied(reason=WHY), by=approver), ()),
    (APPROVED[-1], ()),
    (Past(event=events.ApprovalConfirmed(reason=WHY), by=approver), ()),
    (Past(event=events.ApprovalRevoked(reason=WHY), by=approver), ()),
]


@pytest.mark.parametrize(("past", "parts"), PARTS, ids=lambda value: type(getattr(value, "event", 0)).__name__)
def test_the_parts_of_an_event_that_are_internal(past: Past, parts: tuple[str, ...]) -> None:
    internal = given(*SUBMITTED).register.states[REQUEST].deliberations
    assert internal_parts(internal, past.event, past.by) == parts
    still = ("actor", "reason") if past is note else ()
    assert internal_parts(replace(internal, internal=False), past.event, past.by) == still


def explained(register: MemoryRegister, to: Actor, *, deliberations: bool) -> dict[str, Any]:
    request = register.states[REQUEST]
    state = request if deliberations else disclosed(request)
    found = register.ask(lambda context: outlooks(state, replace(context, deliberations=deliberations)), to, REQUEST)
    return {outlook.action: outlook for outlook in found}


@pytest.mark.parametrize("quorum", [1, 2])
def test_the_explanation_is_the_same_whatever_was_recommended_by_whom(quorum: int) -> None:
    """For one who may not read it. The numbers are the same in all of these."""
    begin = (*REPORTED, submission(endorsements_required=quorum), begun)
    pairs = [
        (endorsement(one, first), endorsement(other, second))
        for one, other in ((reviewer, second_reviewer), (third_reviewer, reviewer))
        for first in Recommendation
        for second in Recommendation
    ]
    found = [explained(given(*begin, *pair).register, requester, deliberations=False) for pair in pairs]
    assert all(each == found[0] for each in found)
    (verdict,) = (each for each in found[0]["APPROVE"].verdicts if each.rule == "ENDORSEMENTS")
    assert verdict.met
    assert verdict.description == (
        f"2 endorsements of revision 1; an approval needs {quorum} that recommend it. What they recommend is internal "
        "to kfor."
    )
    assert "MAJORITY" not in {each.rule for each in found[0]["APPROVE"].verdicts}


def test_too_few_endorsements_are_known_to_be_too_few() -> None:
    register = given(*REPORTED, submission(endorsements_required=2), begun, endorsement()).register
    outlook = explained(register, requester, deliberations=False)["APPROVE"]
    assert not outlook.possible
    assert "1 endorsement of revision 1" in str(outlook.verdicts)


def test_no_refusal_tells_the_requester_who_endorsed() -> None:
    register = given(*UNDER_REVIEW, endorsement(second_reviewer, DENY)).register
    for command in chain.from_iterable(TRIED.values()):
        answer = register.judge(command, requester)
        assert second_reviewer.subject not in str(answer)
        assert "DENY" not in str(getattr(answer, "message", ""))


def test_reasons_are_texts_that_are_not_in_what_is_disclosed() -> None:
    secret = Past(
        event=events.RequestEndorsed(recommendation=DENY, reason=Text("SECRET"), revision=1), by=second_reviewer
    )
    request = given(*UNDER_REVIEW, secret).register.states[REQUEST]
    assert "SECRET" in str(request)
    assert "SECRET" not in str(disclosed(request))
    assert second_reviewer.subject not in str(disclosed(request))
