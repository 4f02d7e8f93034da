"""An incident is referred before its attribution if the hold of a request awaits a finding on it."""

from dataclasses import replace

import pytest

from domain.attempt import DecisionAttempt
from domain.incident.events import IncidentReferred, ReferralAnswered
from domain.incident.referral import AnswerReferral, ReferIncident
from domain.refusals import InvalidInput, NotFound, NotPermitted, TransitionRefused
from domain.vocabulary import AuthorityCode, Marking, RequestId, Role
from tests.domain.case import (
    APPROVED,
    BRIDGE,
    CANAL,
    KFOR,
    NOWHERE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    REQUEST,
    THIRD,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    begun,
    evidence,
    finding,
    incident,
    investigator,
    mandate,
    person,
    requester,
    resumed,
    retraction,
    submission,
    withheld,
)
from tests.specification import NOW, Past, given

REFER = ReferIncident(authority=THIRD, reason=WHY, deployment_request=RequestId(REQUEST))
UNNAMED = replace(REFER, deployment_request=None)
referred = IncidentReferred(authority=THIRD, reason=WHY)
ANSWER = AnswerReferral(answer=WHY)
UNFOUND = "You see no request"


@pytest.mark.parametrize("before", [(), (finding(party=None),), (finding(), retraction())])
def test_before_it_is_attributed_a_hold_must_await_a_finding(before: tuple[Past, ...]) -> None:
    state = given(*WITHHELD, *before).when(REFER, by=investigator, on=CANAL).then(referred)
    assert state.referred_to == (THIRD,)
    given(*WITHHELD, *before).when(UNNAMED, by=investigator, on=CANAL).refused(
        TransitionRefused, "name the request in deploymentRequest"
    )


@pytest.mark.parametrize(
    "history",
    [
        (*UNDER_REVIEW, incident(BRIDGE, reference="pristina-i-2024-0002"), withheld(BRIDGE)),
        (*WITHHELD, resumed()),
        UNDER_REVIEW,
        APPROVED,
    ],
    ids=["another incident is awaited", "the hold is released", "no hold", "decided"],
)
def test_a_request_that_does_not_await_it_is_refused(history: tuple[Past, ...]) -> None:
    given(*history).when(REFER, by=investigator, on=CANAL).refused(InvalidInput, UNFOUND, at=("deploymentRequest",))


def test_a_request_that_is_not_seen_is_refused_like_none() -> None:
    secret = (*REPORTED, submission(marking=Marking.RED), begun, withheld())
    hidden = given(*secret).when(REFER, by=investigator, on=CANAL)
    hidden.refused(InvalidInput, UNFOUND, at=("deploymentRequest",))
    for other in (NOWHERE, CANAL):
        named = replace(REFER, deployment_request=RequestId(other))
        answer = given(*secret).when(named, by=investigator, on=CANAL).answer
        assert str(answer).replace(str(other), str(REQUEST)) == str(hidden.answer)


def test_the_receiver_is_another_authority() -> None:
    own = replace(REFER, authority=KFOR)
    given(*WITHHELD).when(own, by=investigator, on=CANAL).refused(
        InvalidInput, "'kfor' investigates it itself", at=("authority",)
    )
    unknown = replace(REFER, authority=AuthorityCode("nobody"))
    given(*WITHHELD).when(unknown, by=investigator, on=CANAL).refused(InvalidInput, at=("authority",))
    attributed = given(*WITHHELD, finding()).when(own, by=investigator, on=CANAL)
    attributed.then(IncidentReferred(authority=KFOR, reason=WHY))


def test_an_attributed_incident_is_referred_without_a_request() -> None:
    given(*WITHHELD, finding()).when(UNNAMED, by=investigator, on=CANAL).then(referred)
    given(*UNDER_REVIEW, finding()).when(REFER, by=investigator, on=CANAL).refused(
        InvalidInput, UNFOUND, at=("deploymentRequest",)
    )


def test_the_receiver_sees_it_and_records_evidence_but_finds_nothing() -> None:
    theirs = person("theirs", THIRD, Role.INVESTIGATOR)
    past = (*REGISTERED, mandate(), incident(marking=Marking.AMBER_STRICT), submission(), begun, withheld())
    assert isinstance(given(*past).register.judge(REFER, theirs, on=CANAL), NotFound)
    register = given(*past, Past(event=referred, by=investigator, on=CANAL)).register
    assert register.available(theirs, CANAL) == ("PROPOSE_CORRECTION", "RECORD_EVIDENCE", "ANSWER_REFERRAL")
    register.record(evidence(by=theirs, marking=Marking.AMBER_STRICT))
    assert register.states[CANAL].evidence[-1].recorded_by == theirs


def test_the_event_names_the_hold_as_its_cause() -> None:
    register = given(*WITHHELD, finding(party=None)).register
    held = register.states[REQUEST].hold.position

    def cause(command: ReferIncident) -> int | None:
        attempt = DecisionAttempt.begin(command, CANAL, actor=investigator, now=NOW, new_id=lambda: CANAL)
        attempt.states.update(register.states)
        return attempt.cause

    assert cause(REFER) == held
    assert cause(UNNAMED) is None


def test_who_reports_an_incident_does_not_refer_it() -> None:
    own = person("reporter", PRISTINA, Role.INVESTIGATOR)
    given(*WITHHELD).when(REFER, by=own, on=CANAL).refused(NotPermitted, "This takes an investigator of kfor")


def test_the_receiver_answers_once() -> None:
    theirs, other = person("theirs", THIRD, Role.REQUESTER), person("other", THIRD, Role.INVESTIGATOR)
    past = (*REPORTED, Past(event=referred, by=investigator, on=CANAL))
    state = given(*past).when(ANSWER, by=theirs, on=CANAL).then(ReferralAnswered(answer=WHY))
    [referral] = state.referrals
    assert (referral.answer, referral.answered_by, referral.to_be_asked) == (WHY, theirs, True)
    assert referral.referred_by == investigator
    past = (*past, Past(event=ReferralAnswered(answer=WHY), by=theirs, on=CANAL))
    given(*past).when(ANSWER, by=other, on=CANAL).refused(TransitionRefused, "third has answered already")


def test_each_receiver_answers_for_itself() -> None:
    theirs = person("theirs", THIRD, Role.INVESTIGATOR)
    each = [IncidentReferred(authority=code, reason=WHY) for code in (PRISTINA, THIRD)]
    to_both = [Past(event=event, by=investigator, on=CANAL) for event in each]
    state = given(*REPORTED, *to_both).when(ANSWER, by=theirs, on=CANAL).then(ReferralAnswered(answer=WHY))
    assert [(each.authority, each.is_answered) for each in state.referrals] == [(PRISTINA, False), (THIRD, True)]
    assert [each.authority for each in state.unanswered] == [PRISTINA]


def test_only_who_contributes_for_the_receiver_answers() -> None:
    past = (*REPORTED, Past(event=referred, by=investigator, on=CANAL))
    for actor in (investigator, requester, person("theirs", THIRD, Role.APPROVER)):
        given(*past).when(ANSWER, by=actor, on=CANAL).refused(
            NotPermitted, "This takes a requester, reviewer or investigator of third."
        )
    given(*REPORTED).when(ANSWER, by=requester, on=CANAL).refused(NotPermitted, "to which it is referred")


def test_a_referral_of_what_is_attributed_is_for_acting() -> None:
    state = given(*REPORTED, finding()).when(UNNAMED, by=investigator, on=CANAL).then(referred)
    assert [each.to_be_asked for each in state.referrals] == [False]
