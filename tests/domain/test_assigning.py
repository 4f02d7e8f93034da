"""A request is assigned to whoever is to review it: this is shown, and locks nothing."""

from dataclasses import replace

import pytest

from domain.deployment_request.assignment import AssignRequest
from domain.deployment_request.events import RequestAssigned
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import Actor, Marking, Role, Subject
from tests.domain.case import (
    APPROVED,
    KFOR,
    REPORTED,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    approver,
    begun,
    person,
    recusal,
    requester,
    reviewer,
    second_reviewer,
    submission,
)
from tests.specification import Past, given

ASSIGN = AssignRequest(subject=reviewer.subject, reason=WHY)
NOBODY = AssignRequest(reason=WHY)
assigned = Past(event=RequestAssigned(subject=reviewer.subject, reason=WHY), by=approver)


@pytest.mark.parametrize("by", [second_reviewer, approver, reviewer], ids=lambda who: who.subject)
@pytest.mark.parametrize("history", [SUBMITTED, UNDER_REVIEW, WITHHELD])
def test_a_reviewer_or_approver_assigns_it(history: tuple[Past, ...], by: Actor) -> None:
    request = given(*history).when(ASSIGN, by=by).then(RequestAssigned(subject=reviewer.subject, reason=WHY))
    assert request.assigned_to == replace(reviewer, roles=())


def test_a_person_of_another_issuer_is_named_with_it() -> None:
    named = Subject("person:https://idp.example/a%7Cb|rob")
    command = replace(ASSIGN, subject=named)
    request = given(*SUBMITTED).when(command, by=approver).then(RequestAssigned(subject=named, reason=WHY))
    assert request.assigned_to.person == ("https://idp.example/a|b", "rob")
    given(*SUBMITTED).when(replace(ASSIGN, subject=Subject("person:rob")), by=approver).refused(
        InvalidInput, "Name a person of another issuer as 'person:ISSUER|SUBJECT'.", at=("subject",)
    )


def test_another_person_takes_over_and_an_assignment_ends() -> None:
    other = replace(ASSIGN, subject=second_reviewer.subject)
    event = RequestAssigned(subject=second_reviewer.subject, reason=WHY)
    request = given(*SUBMITTED, assigned).when(other, by=reviewer).then(event)
    assert (request.assigned_to.subject, request.assignments) == (second_reviewer.subject, 2)
    request = given(*SUBMITTED, assigned).when(NOBODY, by=reviewer).then(RequestAssigned(reason=WHY))
    assert request.assigned_to is None


def test_whoever_takes_no_further_part_is_assigned_no_longer() -> None:
    assert given(*SUBMITTED, assigned, recusal).register.states[REQUEST].assigned_to is None
    other = replace(recusal, by=second_reviewer)
    assert given(*SUBMITTED, assigned, other).register.states[REQUEST].assigned_to.subject == reviewer.subject


def test_an_assignment_locks_nothing() -> None:
    before, after = (given(*history).register for history in (UNDER_REVIEW, (*UNDER_REVIEW, assigned)))
    for who in (reviewer, second_reviewer, approver, requester):
        assert before.available(who, REQUEST) == after.available(who, REQUEST)


@pytest.mark.parametrize(
    ("history", "command", "said"),
    [
        ((), NOBODY, "It is assigned to nobody: name who is to review it."),
        ((assigned,), ASSIGN, "It is assigned to them already: name another person, or nobody."),
        ((recusal,), ASSIGN, "They recused themselves and cannot review it: name another person."),
        (
            (),
            replace(ASSIGN, subject=requester.subject),
            "They submitted or amended it and cannot review it: name another person.",
        ),
    ],
)
def test_it_is_assigned_to_one_who_can_review_it(history: tuple[Past, ...], command: AssignRequest, said: str) -> None:
    given(*SUBMITTED, *history).when(command, by=approver).refused(InvalidInput, said, at=("subject",))


def test_a_request_for_named_persons_is_assigned_to_one_of_them() -> None:
    red = submission(marking=Marking.RED, recipients=(approver.subject, second_reviewer.subject))
    when = given(*REPORTED, red)
    when.when(ASSIGN, by=approver).refused(
        InvalidInput, "It is RED, and not for them: name one of its recipients.", at=("subject",)
    )
    other = replace(ASSIGN, subject=second_reviewer.subject)
    given(*REPORTED, red).when(other, by=approver).then(RequestAssigned(subject=other.subject, reason=WHY))


def test_others_do_not_assign_and_a_decided_request_is_not_assigned() -> None:
    given(*SUBMITTED).when(ASSIGN, by=requester).refused(
        NotPermitted, "This takes a reviewer or approver of kfor who is neither recused nor interested."
    )
    given(*SUBMITTED).when(ASSIGN, by=person("clerk", KFOR, Role.OBSERVER)).refused(NotPermitted, "reviewer")
    given(*APPROVED).when(ASSIGN, by=approver).refused(TransitionRefused, "it would have to be submitted")


def test_the_review_goes_on_as_before() -> None:
    after = given(*SUBMITTED, assigned, begun).register.states[REQUEST]
    assert (after.status, after.assigned_to.subject) == ("UNDER_REVIEW", reviewer.subject)
