"""Those who decide raise a marking; lowering it takes the author's side, which proposes it, and an approver."""

from dataclasses import replace
from typing import Any

import pytest

from domain.deployment_request import commands as c
from domain.deployment_request.events import RequestMarkingChanged, RequestMarkingProposed
from domain.deployment_request.marking import ChangeRequestMarking
from domain.deployment_request.state import RequestStatus
from domain.incident import commands as i
from domain.incident.events import IncidentMarkingChanged, IncidentMarkingProposed
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import Marking, Role, Subject
from tests.domain.case import (
    CANAL,
    HISTORIES,
    KFOR,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    amendment,
    approver,
    colleague,
    evidence,
    incident,
    investigator,
    mandate,
    person,
    recusal,
    requester,
    reviewer,
    submission,
)
from tests.specification import Past, given

CLEAR, GREEN, AMBER, STRICT, RED = Marking
NAMED = (approver.subject,)
kfor_approver = person("second-approver", KFOR, Role.APPROVER)


def change(marking: Marking | None, *recipients: Subject, **fields: Any) -> ChangeRequestMarking:
    return ChangeRequestMarking(marking=marking, recipients=recipients or None, reason=WHY, **fields)


def changed(marking: Marking, *recipients: Subject) -> RequestMarkingChanged:
    return RequestMarkingChanged(marking=marking, recipients=recipients, reason=WHY)


def proposal(marking: Marking, *recipients: Subject) -> Past:
    return Past(event=RequestMarkingProposed(marking=marking, recipients=recipients, reason=WHY), by=requester)


@pytest.mark.parametrize("who", [reviewer, approver], ids=lambda who: who.subject)
@pytest.mark.parametrize("status", RequestStatus)
def test_a_reviewer_or_approver_raises_the_marking_at_any_time(status: RequestStatus, who: Any) -> None:
    state: Any = given(*HISTORIES[status]).when(change(STRICT), by=who).then(changed(STRICT))
    assert (state.marking, state.status) == (STRICT, status)


def test_the_author_does_not_raise_it_past_those_who_decide() -> None:
    given(*SUBMITTED).when(change(RED, *NAMED), by=requester).refused(
        NotPermitted, "Raising a marking takes a reviewer or approver of kfor who is neither recused nor interested."
    )


def test_lowering_takes_a_proposal_of_the_requesting_side_and_an_approver() -> None:
    given(*SUBMITTED).when(change(GREEN), by=requester).then(proposal(GREEN).event)
    proposed = (*SUBMITTED, proposal(GREEN))
    assert given(*proposed).register.states[REQUEST].marking is AMBER
    state: Any = given(*proposed).when(change(GREEN), by=approver).then(changed(GREEN))
    assert (state.marking, state.proposal) == (GREEN, None)


@pytest.mark.parametrize(
    ("past", "who", "refusal"),
    [
        (SUBMITTED, reviewer, NotPermitted),
        ((*SUBMITTED, proposal(GREEN)), reviewer, NotPermitted),
        (SUBMITTED, approver, TransitionRefused),
        ((*SUBMITTED, proposal(CLEAR)), approver, TransitionRefused),
        ((*SUBMITTED, proposal(GREEN), Past(event=changed(STRICT), by=reviewer)), approver, TransitionRefused),
    ],
)
def test_neither_side_lowers_it_alone(past: tuple[Past, ...], who: Any, refusal: type[Any]) -> None:
    given(*past).when(change(GREEN), by=who).refused(refusal, "a requester of pristina")


def test_a_person_does_not_propose_the_same_twice() -> None:
    proposed = (*SUBMITTED, proposal(GREEN))
    said = "You have proposed just this already. Somebody else has to accept it."
    given(*proposed).when(change(GREEN), by=requester).refused(InvalidInput, said, at=("marking",))
    given(*proposed).when(change(CLEAR), by=requester).then(proposal(CLEAR).event)
    given(*proposed, proposal(CLEAR)).when(change(GREEN), by=requester).then(proposal(GREEN).event)
    red = (*REPORTED, submission(marking=RED, recipients=NAMED), proposal(RED, *NAMED, reviewer.subject))
    more = change(None, reviewer.subject, *NAMED)
    given(*red).when(more, by=requester).refused(InvalidInput, said, at=("recipients",))


def test_a_proposer_accepts_the_same_proposal_of_somebody_else() -> None:
    both = replace(requester, authority=KFOR, roles=(Role.REQUESTER, Role.APPROVER), subject=Subject("both"))
    other = replace(requester, authority=KFOR, subject=Subject("other"))
    proposed = RequestMarkingProposed(marking=GREEN, reason=WHY)
    own = (*REPORTED, submission(requesting_authority=KFOR), Past(event=proposed, by=both))
    given(*own).when(change(GREEN), by=both).refused(InvalidInput, "Somebody else has to accept it")
    given(*own).when(change(GREEN), by=other).then(proposed)
    given(*own, Past(event=proposed, by=other)).when(change(GREEN), by=both).then(changed(GREEN))


def test_an_amendment_ends_a_proposal_which_concerned_the_earlier_text() -> None:
    amended = given(*SUBMITTED, proposal(GREEN), amendment)
    amended.when(change(GREEN), by=approver).refused(TransitionRefused, "a requester of pristina")
    again: Any = amended.when(change(GREEN), by=requester).then(proposal(GREEN).event)
    assert again.marking is AMBER
    given(*SUBMITTED, amendment, proposal(GREEN)).when(change(GREEN), by=approver).then(changed(GREEN))


def test_recipients_are_dropped_by_those_who_decide_and_added_by_both() -> None:
    two = (*REPORTED, submission(marking=RED, recipients=(approver.subject, reviewer.subject)))
    given(*two).when(change(None, approver.subject), by=reviewer).then(changed(RED, approver.subject))
    one = (*REPORTED, submission(marking=RED, recipients=NAMED))
    more = change(None, approver.subject, reviewer.subject)
    given(*one).when(more, by=approver).refused(TransitionRefused, "Somebody else has to propose just this first")
    proposed = (*one, proposal(RED, approver.subject, reviewer.subject))
    given(*proposed).when(more, by=approver).then(changed(RED, approver.subject, reviewer.subject))


def test_what_changes_nothing_is_refused() -> None:
    given(*SUBMITTED).when(change(AMBER), by=requester).refused(InvalidInput, "AMBER already", at=("marking",))
    given(*SUBMITTED).when(change(None), by=requester).refused(InvalidInput, "Name a marking", at=("marking",))
    given(*SUBMITTED).when(change(STRICT, *NAMED), by=reviewer).refused(InvalidInput, "Only what", at=("recipients",))


@pytest.mark.parametrize("who", [requester, reviewer, approver], ids=lambda who: who.subject)
def test_input_that_is_wrong_is_named_before_who_else_has_to_agree(who: Any) -> None:
    red = given(*REPORTED, submission(marking=RED, recipients=(approver.subject, reviewer.subject)))
    given(*SUBMITTED).when(change(AMBER), by=who).refused(InvalidInput, "AMBER already", at=("marking",))
    red.when(change(RED), by=who).refused(InvalidInput, "RED already", at=("marking",))
    red.when(change(None, reviewer.subject, approver.subject), by=who).refused(InvalidInput, at=("recipients",))
    for marking in (None, AMBER, GREEN):
        given(*SUBMITTED).when(change(marking, *NAMED), by=who).refused(
            InvalidInput, "Only what is marked RED has recipients", at=("recipients",)
        )
    full = given(*SUBMITTED, *[proposal(GREEN)] * 1_000)
    full.when(change(AMBER), by=who).refused(InvalidInput, at=("marking",))


@pytest.mark.parametrize("recipients", [(), (requester.subject,)])
def test_red_without_a_recipient_who_could_decide_says_whom_to_name(recipients: tuple[Subject, ...]) -> None:
    said = "name an approver of kfor, who decides, as recipient, and not only yourself."
    raised = change(RED, *recipients)
    given(*SUBMITTED).when(raised, by=reviewer).refused(InvalidInput, said, at=("recipients",))
    event = submission().event
    submit = c.SubmitRequest(
        force=event.force,
        strength=event.strength,
        region=event.region,
        purpose=event.purpose,
        period=event.period,
        marking=RED,
        recipients=recipients,
    )
    given(*REPORTED).when(submit, by=requester).refused(InvalidInput, said, at=("recipients",))
    answer: Any = given(*REPORTED).when(replace(submit, recipients=NAMED), by=requester).answer
    assert answer[0].recipients == NAMED


def test_who_is_recused_or_interested_could_not_decide() -> None:
    recused = (*UNDER_REVIEW, recusal)
    given(*recused).when(change(RED, reviewer.subject), by=approver).refused(InvalidInput, at=("recipients",))
    two = (reviewer.subject, kfor_approver.subject)
    given(*recused).when(change(RED, *two), by=approver).then(changed(RED, *two))


def test_who_raises_a_request_to_red_names_somebody_else() -> None:
    said = "and not only yourself."
    for who in (reviewer, approver):
        own = change(RED, who.subject, requester.subject)
        given(*SUBMITTED).when(own, by=who).refused(InvalidInput, said, at=("recipients",))
    both = (reviewer.subject, approver.subject)
    given(*SUBMITTED).when(change(RED, *both), by=approver).then(changed(RED, *both))
    red = (*REPORTED, submission(marking=RED, recipients=both))
    given(*red).when(change(None, *NAMED), by=approver).then(changed(RED, *NAMED))


def test_an_interested_person_of_the_deciding_authority_neither_raises_nor_lowers_it() -> None:
    turncoat = replace(requester, authority=KFOR, roles=(Role.REVIEWER, Role.APPROVER))
    assert given(*SUBMITTED).register.available(turncoat, REQUEST) == ("REMARK",)
    for marking in (STRICT, GREEN):
        given(*SUBMITTED, proposal(GREEN)).when(change(marking), by=turncoat).refused(NotPermitted)


def test_a_thousand_proposals_do_not_keep_it_from_being_raised() -> None:
    full = given(*SUBMITTED, *[proposal(GREEN)] * 1_000)
    said = "It has 1,000 proposals to change its marking, the maximum: leave it as it is."
    full.when(change(CLEAR), by=requester).refused(TransitionRefused, said)
    full.when(change(STRICT), by=reviewer).then(changed(STRICT))


RAISE = i.ChangeIncidentMarking(marking=STRICT, reason=WHY)
LOWER = i.ChangeIncidentMarking(marking=GREEN, reason=WHY)
LOWERED = IncidentMarkingChanged(marking=GREEN, reason=WHY)


def test_an_investigator_raises_the_marking_of_an_incident() -> None:
    given(*REPORTED).when(RAISE, by=investigator).then(IncidentMarkingChanged(marking=STRICT, reason=WHY))
    for who in (requester, reviewer, approver):
        given(*REPORTED).when(RAISE, by=who).refused(NotPermitted)


def test_the_reporting_side_proposes_to_lower_it_and_an_approver_does() -> None:
    proposed = IncidentMarkingProposed(marking=GREEN, reason=WHY)
    given(*REPORTED).when(LOWER, by=colleague).then(proposed)
    given(*REPORTED).when(LOWER, by=approver).refused(TransitionRefused)
    given(*REPORTED).when(LOWER, by=investigator).refused(NotPermitted)
    given(*REPORTED, Past(event=proposed, by=requester, on=CANAL)).when(LOWER, by=approver).then(LOWERED)


@pytest.mark.parametrize("who", [colleague, investigator, approver], ids=lambda who: who.subject)
def test_input_that_is_wrong_is_named_first_for_an_incident_too(who: Any) -> None:
    same = replace(LOWER, marking=AMBER)
    given(*REPORTED).when(same, by=who).refused(InvalidInput, "AMBER already", at=("marking",))
    named = replace(LOWER, marking=None, recipients=NAMED)
    given(*REPORTED).when(named, by=who).refused(InvalidInput, "Only what is marked RED", at=("recipients",))


def test_new_evidence_ends_a_proposal_for_its_incident() -> None:
    proposed = Past(event=IncidentMarkingProposed(marking=GREEN, reason=WHY), by=requester, on=CANAL)
    given(*REPORTED, proposed, evidence()).when(LOWER, by=approver).refused(TransitionRefused)
    given(*REPORTED, evidence(), proposed).when(LOWER, by=approver).then(LOWERED)


def test_one_person_of_both_sides_does_not_lower_it_alone() -> None:
    both = person("both", KFOR, Role.APPROVER, Role.INVESTIGATOR)
    own = (*REGISTERED, mandate(), incident(by=both))
    proposed = IncidentMarkingProposed(marking=GREEN, reason=WHY)
    given(*own).when(LOWER, by=both).then(proposed)
    asked = (*own, Past(event=proposed, by=both, on=CANAL))
    given(*asked).when(LOWER, by=both).refused(InvalidInput, "Somebody else has to accept it", at=("marking",))
    given(*asked).when(LOWER, by=kfor_approver).then(LOWERED)


def test_a_red_incident_is_for_somebody_who_can_investigate() -> None:
    red = i.ChangeIncidentMarking(marking=RED, reason=WHY)
    given(*REPORTED).when(red, by=investigator).refused(
        InvalidInput, "name an investigator of kfor as recipient", at=("recipients",)
    )
    alone = replace(red, recipients=(investigator.subject,))
    given(*REPORTED).when(alone, by=investigator).refused(InvalidInput, "not only yourself", at=("recipients",))
    named = replace(red, recipients=(investigator.subject, approver.subject))
    given(*REPORTED).when(named, by=investigator).then(
        IncidentMarkingChanged(marking=RED, recipients=named.recipients or (), reason=WHY)
    )
    own = (*REGISTERED, mandate(), incident(by=investigator))
    given(*own).when(red, by=investigator).then(IncidentMarkingChanged(marking=RED, reason=WHY))


def test_an_incident_is_reported_red_to_somebody_who_can_investigate() -> None:
    event = incident().event
    report = i.ReportIncident(
        kind=event.kind, description=WHY, region=event.region, occurred_at=event.occurred_at, marking=RED
    )
    given(*REGISTERED, mandate()).when(report, by=requester).refused(
        InvalidInput, "name an investigator of kfor as recipient", at=("recipients",)
    )
    named = replace(report, recipients=(investigator.subject,))
    for past, command, who in (
        ((*REGISTERED, mandate()), named, requester),
        ((*REGISTERED, mandate()), report, investigator),
        (REGISTERED, report, requester),
    ):
        answer: Any = given(*past).when(command, by=who).answer
        assert answer[0].marking is RED


def test_evidence_is_marked_at_least_as_strictly_as_its_incident_is_now() -> None:
    raised = Past(event=IncidentMarkingChanged(marking=RED, reason=WHY), by=investigator, on=CANAL)
    state: Any = given(*REPORTED, evidence(), raised).register.states[CANAL]
    assert state.audience_of(state.evidence[0]) == {"person:mandate|investigator"}
    lowered = Past(event=LOWERED, by=approver, on=CANAL)
    state = given(*REPORTED, evidence(marking=STRICT), lowered).register.states[CANAL]
    assert "registered" not in state.audience_of(state.evidence[0])
