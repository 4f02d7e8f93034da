"""An approval whose grounds fall is questioned, once, and waits for a person."""

from dataclasses import replace

import pytest

from domain.deployment_request.commands import ConfirmApproval, QuestionApproval
from domain.deployment_request.decision import Standing
from domain.deployment_request.events import ApprovalQuestioned
from domain.deployment_request.state import RequestStatus
from domain.vocabulary import Likelihood, Text
from tests.domain.case import (
    BRIDGE,
    CANAL,
    DAY,
    ENDORSED,
    HISTORIES,
    PERIOD,
    REQUEST,
    UNDER_REVIEW,
    WHY,
    approval,
    approver,
    endorsement,
    evidence,
    finding,
    ground,
    questioned,
    resumed,
    retraction,
    withheld,
)
from tests.domain.following import (
    ASKS,
    HIGH,
    LIKELY,
    LOW,
    RESTING,
    SEVERAL,
    UNLIKELY,
    VERY_LIKELY,
    follow,
    last,
    reactions,
)
from tests.specification import Past, given


@pytest.mark.parametrize(
    "fall",
    [
        retraction(),
        finding(party=None),
        finding("EXERCISE: the Blue party"),
        finding(likelihood=Likelihood.ROUGHLY_EVEN_CHANCE),
        finding(confidence=LOW),
    ],
    ids=["retracted", "inconclusive", "another party", "less likely", "less sound"],
)
def test_an_approval_is_questioned_when_a_ground_falls(fall: Past) -> None:
    register = follow(*RESTING, fall)
    reason = f"A finding on which the approval rests no longer stands. {ASKS}"
    assert last(register) == ApprovalQuestioned(reason=Text(reason), incidents=(CANAL,))
    request = register.states[REQUEST]
    assert (request.status, request.decision.standing) == (RequestStatus.APPROVED, Standing.QUESTIONED)
    assert request.decision.questioned_by == register.log[-1].position
    assert request.led_here == (*request.because, register.log[-1].position)
    assert request.decision.grounds == (ground(2),)


@pytest.mark.parametrize(
    "later",
    [
        finding(),
        finding("  exercise:  THE red party "),
        finding(likelihood=Likelihood.ALMOST_CERTAIN, confidence=HIGH),
        evidence(),
    ],
    ids=["the same again", "the same in other letters", "surer", "evidence"],
)
def test_an_approval_stands_where_its_grounds_do(later: Past) -> None:
    assert reactions(given(*RESTING, later).register) == []


def test_it_stands_where_another_incident_changes() -> None:
    elsewhere = (*SEVERAL, endorsement(), finding(), finding(on=BRIDGE), approval(ground(2)), retraction(on=BRIDGE))
    assert reactions(given(*elsewhere).register) == []


def test_what_did_not_reach_the_threshold_then_cannot_fall_below_it() -> None:
    weak = ground(2, likelihood=UNLIKELY, confidence=LOW)
    below = (*ENDORSED, finding(likelihood=UNLIKELY, confidence=LOW), approval(weak))
    assert reactions(given(*below, finding(likelihood=Likelihood.ALMOST_NO_CHANCE, confidence=LOW)).register) == []
    assert reactions(given(*below, finding("EXERCISE: another", likelihood=UNLIKELY, confidence=LOW)).register) != []


def test_the_threshold_is_that_of_the_last_hold() -> None:
    sure = ground(2, likelihood=Likelihood.ALMOST_CERTAIN, confidence=HIGH)
    strict = withheld(minimum_likelihood=VERY_LIKELY, minimum_confidence=HIGH)
    found = finding(likelihood=Likelihood.ALMOST_CERTAIN, confidence=HIGH)
    held = (*UNDER_REVIEW, strict, found, resumed(), endorsement(), approval(sure))
    assert reactions(given(*held, finding(likelihood=VERY_LIKELY, confidence=HIGH)).register) == []
    assert reactions(given(*held, finding(likelihood=LIKELY, confidence=HIGH)).register) != []
    free = (*ENDORSED, found, approval(sure))
    assert reactions(given(*free, finding(likelihood=LIKELY, confidence=HIGH)).register) == []


def test_a_finding_without_a_party_falls_only_when_it_is_retracted() -> None:
    open_ended = (*ENDORSED, finding(party=None), approval(ground(2, party=None)))
    assert reactions(given(*open_ended, finding()).register) == []
    assert reactions(given(*open_ended, retraction()).register) != []


def test_a_finding_that_fell_and_was_made_again_fell_whenever_one_looks() -> None:
    for fall in (retraction(), finding(party=None), finding("EXERCISE: the Blue party"), finding(confidence=LOW)):
        assert len(reactions(given(*RESTING, fall, finding()).register)) == 1


def test_an_erased_party_is_no_other_party() -> None:
    erased = replace(finding().event, responsible_party=Text(None))
    again = Past(event=erased, by=finding().by, on=CANAL)
    assert reactions(given(*RESTING, again).register) == []
    before = replace(ground(2), responsible_party=Text(None))
    assert reactions(given(*ENDORSED, finding(), approval(before), finding("EXERCISE: another")).register) == []


def test_an_approval_on_a_finding_that_had_fallen_unseen_is_questioned_at_once() -> None:
    assert len(reactions(given(*ENDORSED, finding(), retraction(), approval(ground(2))).register)) == 1


def test_what_is_questioned_is_not_questioned_again() -> None:
    assert reactions(given(*RESTING, retraction(), questioned).register) == []
    assert reactions(given(*RESTING, retraction(), questioned, finding("EXERCISE: another")).register) == []


def test_once_confirmed_it_rests_on_the_findings_as_they_stand_then() -> None:
    other = finding("EXERCISE: the Blue party")
    register = follow(*RESTING, other)
    register.command(ConfirmApproval(reason=WHY), approver)
    decision = register.states[REQUEST].decision
    assert (decision.standing, decision.questioned_by) == (Standing.STANDS, None)
    assert decision.rests_on == (ground(3, "EXERCISE: the Blue party"),)
    assert decision.grounds == (ground(2),), "what it rested on when it was decided stays on the record"
    assert reactions(register) == []
    register.record(other)
    assert reactions(register) == []
    register.record(finding())
    assert isinstance(reactions(register)[0], QuestionApproval)


def test_once_confirmed_without_a_finding_it_rests_on_none() -> None:
    register = follow(*RESTING, retraction())
    register.command(ConfirmApproval(reason=WHY), approver)
    register.record(finding())
    register.record(retraction())
    assert reactions(register) == []


def test_each_ground_that_fell_is_named() -> None:
    grounds = (ground(2), ground(2, on=BRIDGE))
    both = (*SEVERAL, endorsement(), finding(), finding(on=BRIDGE), approval(*grounds))
    event = last(follow(*both, retraction(), finding(party=None, on=BRIDGE)))
    assert event.incidents == (CANAL, BRIDGE)


@pytest.mark.parametrize("status", sorted(set(RequestStatus) - {RequestStatus.APPROVED}))
def test_only_an_approval_that_is_in_force_is_questioned_or_expires(status: RequestStatus) -> None:
    register = given(*HISTORIES[status], finding(likelihood=UNLIKELY), retraction()).register
    assert reactions(register, now=PERIOD.end + 3650 * DAY) == []
