"""When somebody may act on behalf of another, in which roles, and what they see."""

from dataclasses import replace
from typing import Any

import pytest

from domain.blocked_persons import PersonBlocked
from domain.deployment_request import commands as c
from domain.deployment_request import events
from domain.deployment_request.events import Recommendation
from domain.deputies import principal_of, stream_of
from domain.deputy_appointment import AppointDeputy, EndDeputy
from domain.refusals import FieldProblem, InvalidInput, NotFound, NotPermitted, TransitionRefused
from domain.vocabulary import Actor, Label, Marking, Role, Strength
from tests.domain.case import (
    DAY,
    KFOR,
    PLACE,
    PRISTINA,
    REPORTED,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    admin,
    approver,
    colleague,
    person,
    requester,
    reviewer,
    submission,
)
from tests.domain.deputising import APPROVE, BEGIN, BOTH, ENDORSE, acting, appointed, dora, paula, resolved
from tests.specification import NOW, Past, given


def refused(*past: Past, by: Actor | None = None, said: str, command: Any = BEGIN) -> None:
    circumstances = given(*SUBMITTED, *past)
    circumstances.when(command, by=by or acting()).refused(InvalidInput, said, at=("onBehalfOf",))


def test_a_deputy_acts_and_the_event_names_both() -> None:
    state = given(*SUBMITTED, appointed()).when(ENDORSE, by=acting()).answer
    assert isinstance(state, TransitionRefused), "the statuses are those for anybody"
    circumstances = given(*UNDER_REVIEW, appointed())
    request = circumstances.when(ENDORSE, by=acting()).then(
        events.RequestEndorsed(recommendation=Recommendation.APPROVE, reason=WHY, revision=1)
    )
    [endorsed] = request.endorsements
    assert (endorsed.by.person, endorsed.by.on_behalf_of) == (dora.person, paula.person)
    assert endorsed.persons == (dora.person, paula.person)


def test_a_deputy_acts_in_the_roles_that_the_appointment_and_the_token_both_name() -> None:
    wide = replace(dora, roles=(Role.REVIEWER, Role.INVESTIGATOR, Role.AUDITOR))
    register = given(*SUBMITTED, appointed()).when(BEGIN, by=acting(wide)).register
    assert register.log[-1].actor == replace(acting(wide), roles=(Role.REVIEWER, Role.AUDITOR))
    said = "On behalf of 'paula' you act as reviewer: leave out onBehalfOf to act for yourself."
    given(*UNDER_REVIEW, appointed()).when(APPROVE, by=acting(wide)).refused(NotPermitted, "takes an approver", said)
    narrow = appointed(paula, dora, Role.APPROVER)
    given(*SUBMITTED, narrow).when(BEGIN, by=acting()).refused(NotPermitted, "you act as approver")


def test_somebody_without_any_of_the_lent_roles_is_told_so() -> None:
    said = "'paula' lends you the roles reviewer and approver, of which your own token names none"
    refused(appointed(), by=acting(replace(dora, roles=(Role.INVESTIGATOR, Role.AUDITOR))), said=said)


@pytest.mark.parametrize(
    "past",
    [
        (),
        (appointed(dora, paula),),
        (appointed(paula, reviewer),),
        (appointed(deputy=replace(dora, authority=PRISTINA)),),
        (appointed(principal=replace(paula, issuer="https://id.example")),),
        (appointed(valid_from=NOW + DAY),),
        (appointed(valid_until=NOW),),
    ],
    ids=["none", "the other way", "another", "elsewhere", "another issuer", "not yet", "no longer"],
)
def test_nobody_else_acts_on_behalf_of_another(past: tuple[Past, ...]) -> None:
    refused(
        *past, said="You are not the deputy of 'paula' in kfor now: 'paula' or an administrator of kfor can appoint"
    )


def test_an_ended_deputy_acts_no_longer() -> None:
    register = given(*SUBMITTED, appointed()).register
    register.command(EndDeputy(deputy=dora.subject, authority=KFOR, reason=WHY), paula, now=NOW - DAY)
    answer = register.judge(BEGIN, acting(), REQUEST)
    assert isinstance(answer, InvalidInput)


def test_nobody_acts_on_behalf_of_themselves() -> None:
    refused(by=acting(dora, dora), said="Nobody acts on behalf of themselves: leave it out.")


def test_what_is_lent_is_not_lent_on() -> None:
    third = person("third", KFOR, *BOTH)
    chain = (appointed(paula, dora), appointed(dora, third))
    refused(*chain, by=acting(third, paula), said="You are not the deputy of 'paula'")
    on = AppointDeputy(
        deputy=third.subject, authority=KFOR, roles=(Role.REVIEWER,), from_=NOW, until=NOW + DAY, reason=WHY
    )
    ended = EndDeputy(principal=paula.subject, deputy=dora.subject, authority=KFOR, reason=WHY)
    given(*SUBMITTED, appointed()).when(ended, by=acting()).refused(
        InvalidInput, "A deputy appoints and ends no deputies", at=("onBehalfOf",)
    )
    for command in (on, replace(on, principal=paula.subject), replace(ended, principal=None)):
        answer = given(*SUBMITTED, appointed()).when(command, by=acting()).answer
        assert isinstance(answer, InvalidInput | NotPermitted)
    given(*SUBMITTED, appointed()).when(on, by=acting()).refused(
        InvalidInput, "A deputy appoints and ends no deputies", at=("onBehalfOf",)
    )


@pytest.mark.parametrize(("whom", "said"), [(paula, "'paula' is blocked"), (dora, "You are blocked")])
def test_nobody_acts_on_behalf_of_the_blocked_or_as_one(whom: Actor, said: str) -> None:
    event = PersonBlocked(authority=KFOR, issuer=Label(whom.issuer), subject=whom.subject, reason=WHY)
    refused(appointed(), Past(event=event, by=admin), said=said)


def test_the_appointment_and_the_blocks_are_consulted_by_who_acts_for_another_alone() -> None:
    register = given(*SUBMITTED, appointed()).register
    for by, consults in ((acting(), True), (dora, False)):
        attempt = register.attempt(BEGIN, by, REQUEST, NOW)
        resolved(register, attempt)
        assert (stream_of(KFOR) in attempt.states) is consults


def test_a_deputy_sees_what_they_see_by_themselves() -> None:
    red = submission(marking=Marking.RED, recipients=(paula.subject,))
    given(*REPORTED, red, appointed()).when(BEGIN, by=acting()).refused(NotFound)
    both_named = submission(marking=Marking.RED, recipients=(paula.subject, dora.subject))
    assert isinstance(given(*REPORTED, both_named, appointed()).when(BEGIN, by=acting()).answer, tuple)
    deputy_named = submission(marking=Marking.RED, recipients=(dora.subject,))
    assert isinstance(given(*REPORTED, deputy_named, appointed()).when(BEGIN, by=acting()).answer, tuple)


def test_a_principal_sees_what_their_deputy_submits_for_them() -> None:
    submit = c.SubmitRequest(
        force=Label("Kosovo Security Force"),
        strength=Strength(1),
        region=PLACE,
        purpose=WHY,
        period=submission().event.period,
        marking=Marking.RED,
        recipients=(approver.subject,),
    )
    deputy = acting(colleague, requester)
    lent = appointed(requester, colleague, Role.REQUESTER)
    when = given(*REPORTED, lent).when(submit, by=deputy)
    assert isinstance(when.answer, tuple)
    audience = when.register.states[REQUEST].audience
    assert "person:mandate|colleague" in audience
    assert "person:mandate|requester" in audience
    own = replace(submit, recipients=(requester.subject, colleague.subject))
    given(*REPORTED, lent).when(own, by=deputy).refused(InvalidInput, "name an approver", at=("recipients",))


@pytest.mark.parametrize("named", ["", "person:", "a\x00b", "x" * 300])
def test_a_principal_is_named_like_any_person(named: str) -> None:
    problem = principal_of(named, "mandate")
    assert isinstance(problem, FieldProblem)
    assert problem.path == "onBehalfOf"
    assert principal_of("paula", "mandate") == paula.person
    assert principal_of("person:https://id.example|eva", "mandate") == ("https://id.example", "eva")
