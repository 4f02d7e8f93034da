"""What is marked RED, and whose recipients can decide nothing: the author names an approver, who accepts by themselves.

To anybody else, it is as if there were nothing.
"""

from dataclasses import replace
from typing import Any

import pytest

from domain.deployment_request import commands as c
from domain.deployment_request.events import RequestMarkingChanged, RequestMarkingProposed, ReviewerRecused
from domain.deployment_request.marking import ChangeRequestMarking
from domain.incident import commands as i
from domain.incident.events import IncidentMarkingChanged, IncidentMarkingProposed
from domain.refusals import NotFound
from domain.vocabulary import Actor, Marking, Role, Subject
from tests.domain.case import (
    CANAL,
    KFOR,
    NOWHERE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    REQUEST,
    THIRD,
    WHY,
    approval,
    approver,
    begun,
    endorsement,
    incident,
    investigator,
    mandate,
    person,
    requester,
    reviewer,
    submission,
)
from tests.specification import Past, given

RED, AMBER = Marking.RED, Marking.AMBER
GONE = Subject("gone")
heir = person("heir", KFOR, Role.APPROVER)
BOTH = (GONE, heir.subject)
RED_APPROVAL = (
    *REPORTED, submission(marking=RED, recipients=(GONE, reviewer.subject, approver.subject)), begun, endorsement(),
    approval(), Past(event=RequestMarkingChanged(marking=RED, recipients=(GONE,), reason=WHY), by=approver),
)  # fmt: skip
"""Approved by somebody who sees it no more."""
REVOKE = c.RevokeApproval(reason=WHY)


def proposal(*recipients: Subject, marking: Marking = RED, by: Actor = requester) -> Past:
    return Past(event=RequestMarkingProposed(marking=marking, recipients=recipients, reason=WHY), by=by)


def accept(*recipients: Subject, marking: Marking | None = RED) -> ChangeRequestMarking:
    return ChangeRequestMarking(marking=marking, recipients=recipients, reason=WHY)


def judged(past: tuple[Past, ...], command: Any, who: Actor, on: Any = REQUEST) -> Any:
    return given(*past).register.judge(command, who, on=on)


def test_nobody_can_end_it_without_a_recipient_who_could() -> None:
    for who in (approver, heir, reviewer):
        assert isinstance(judged(RED_APPROVAL, REVOKE, who), NotFound)


@pytest.mark.parametrize("command", [accept(*BOTH), accept(*BOTH[::-1]), accept(*BOTH, marking=None)])
def test_an_approver_whom_the_author_names_accepts_and_decides(command: ChangeRequestMarking) -> None:
    past = (*RED_APPROVAL, proposal(*BOTH))
    register = given(*past).register
    assert isinstance(register.judge(REVOKE, heir, on=REQUEST), NotFound)
    assert register.judge(command, heir, on=REQUEST) == (
        RequestMarkingChanged(marking=RED, recipients=command.recipients or (), reason=WHY),
    )
    admitted = (*past, Past(event=RequestMarkingChanged(marking=RED, recipients=BOTH, reason=WHY), by=heir))
    assert not isinstance(judged(admitted, REVOKE, heir), NotFound)
    assert "REVOKE" in given(*admitted).register.available(heir, REQUEST)


@pytest.mark.parametrize(
    ("past", "command", "who"),
    [
        ((), accept(*BOTH), heir),
        ((proposal(*BOTH),), accept(heir.subject), heir),
        ((proposal(*BOTH),), accept(*BOTH, Subject("more")), heir),
        ((proposal(*BOTH),), accept(marking=AMBER), heir),
        ((proposal(*BOTH),), accept(*BOTH), approver),
        ((proposal(*BOTH),), accept(*BOTH), person("heir", KFOR, Role.REVIEWER)),
        ((proposal(*BOTH),), accept(*BOTH), person("heir", THIRD, Role.APPROVER)),
        ((proposal(*BOTH),), accept(*BOTH), person("heir", PRISTINA, *Role)),
        ((proposal(*BOTH),), accept(*BOTH), replace(heir, issuer="another")),
        ((proposal(*BOTH),), accept(*BOTH), replace(approver, on_behalf_of=heir.person)),
        ((proposal(*BOTH),), accept(*BOTH), replace(heir, on_behalf_of=approver.person)),
        ((proposal(heir.subject),), accept(heir.subject), heir),
        ((proposal(marking=AMBER),), accept(marking=AMBER), heir),
        ((proposal(*BOTH),), REVOKE, heir),
        ((Past(event=ReviewerRecused(reason=WHY), by=heir), proposal(*BOTH)), accept(*BOTH), heir),
    ],
    ids=[
        "nothing is proposed", "fewer recipients", "more recipients", "another marking", "an approver who is not named",
        "a reviewer", "another authority", "the requesting authority", "another issuer", "a deputy of who is named",
        "who is named as a deputy", "recipients are dropped", "it is lowered", "another command", "recused",
    ],
)  # fmt: skip
def test_to_anybody_else_it_is_as_if_there_were_nothing(past: tuple[Past, ...], command: Any, who: Actor) -> None:
    answer = judged((*RED_APPROVAL, *past), command, who)
    assert isinstance(answer, NotFound), answer
    assert answer == judged((*RED_APPROVAL, *past), command, who, on=NOWHERE)


def test_what_is_not_red_is_not_accepted_unseen() -> None:
    strict = (*REPORTED, submission(marking=Marking.AMBER_STRICT), proposal(marking=AMBER))
    outsider = person("heir", THIRD, Role.APPROVER)
    assert isinstance(judged(strict, accept(marking=AMBER), outsider), NotFound)


def test_nobody_accepts_their_own_proposal() -> None:
    both = person("heir", KFOR, Role.REQUESTER, Role.APPROVER)
    own = submission(requesting_authority=KFOR, marking=RED, recipients=(GONE,))
    assert isinstance(judged((*REPORTED, own, proposal(*BOTH, by=both)), accept(*BOTH), both), NotFound)


def test_an_incident_is_reached_in_the_same_way() -> None:
    proposed = Past(event=IncidentMarkingProposed(marking=RED, recipients=BOTH, reason=WHY), by=requester, on=CANAL)
    past = (*REGISTERED, mandate(), incident(marking=RED, recipients=(GONE,)), proposed)
    command = i.ChangeIncidentMarking(marking=RED, recipients=BOTH, reason=WHY)
    assert judged(past, command, heir, on=CANAL) == (IncidentMarkingChanged(marking=RED, recipients=BOTH, reason=WHY),)
    for who in (approver, investigator, replace(heir, roles=(Role.INVESTIGATOR,))):
        assert judged(past, command, who, on=CANAL) == judged(past, command, who, on=NOWHERE)
