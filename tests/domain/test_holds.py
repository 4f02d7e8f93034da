"""A hold releases itself, to review, and is placed again where what released it falls."""

from dataclasses import replace

import pytest

from domain.deployment_request.commands import AmendRequest, ResumeReview
from domain.deployment_request.events import RequestAmended, RequestWithheld, ReviewResumed
from domain.deployment_request.rules import is_undisclosed
from domain.deployment_request.state import RequestStatus
from domain.refusals import InvalidInput
from domain.vocabulary import SYSTEM, AnalyticConfidence, Likelihood, Text
from tests.domain.case import (
    BRIDGE,
    CANAL,
    DAY,
    REPORTED,
    REQUEST,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    approval,
    endorsement,
    evidence,
    finding,
    ground,
    incident,
    requester,
    resumed,
    retraction,
    reviewer,
    submission,
    withheld,
)
from tests.domain.following import (
    HIGH,
    LIKELY,
    LOW,
    MODERATE,
    RELEASED,
    SEVERAL,
    UNLIKELY,
    VERY_LIKELY,
    follow,
    last,
    reactions,
)
from tests.specification import NOW, Past, given


@pytest.mark.parametrize("likelihood", [LIKELY, VERY_LIKELY])
@pytest.mark.parametrize("confidence", [MODERATE, HIGH])
def test_a_hold_is_released_by_a_finding_at_least_this_likely_and_this_sound(
    likelihood: Likelihood, confidence: AnalyticConfidence
) -> None:
    found = finding(likelihood=likelihood, confidence=confidence)
    register = follow(*WITHHELD, found)
    assert last(register) == ReviewResumed(
        reason=Text("There is a finding that suffices on every incident that the hold awaits."),
        grounds=(ground(2, likelihood=likelihood, confidence=confidence),),
    )
    assert register.log[-1].actor == SYSTEM
    assert register.states[REQUEST].status is RequestStatus.UNDER_REVIEW
    assert register.states[REQUEST].hold is None


@pytest.mark.parametrize(
    "found",
    [
        finding(likelihood=Likelihood.ROUGHLY_EVEN_CHANCE, confidence=HIGH),
        finding(likelihood=Likelihood.ALMOST_CERTAIN, confidence=LOW),
        finding(party=None, likelihood=Likelihood.ALMOST_CERTAIN, confidence=HIGH),
        evidence(),
    ],
    ids=["less likely", "less sound", "inconclusive", "evidence alone"],
)
def test_a_hold_stands_without_a_finding_that_suffices(found: Past) -> None:
    assert reactions(given(*WITHHELD, found).register) == []


def test_a_revised_finding_is_judged_again() -> None:
    weak = (*WITHHELD, finding(likelihood=UNLIKELY))
    assert reactions(given(*weak).register) == []
    assert follow(*weak, finding()).states[REQUEST].status is RequestStatus.UNDER_REVIEW
    assert reactions(given(*WITHHELD, finding(), finding(likelihood=UNLIKELY)).register) == []


def test_a_hold_awaits_every_incident() -> None:
    both = (*SEVERAL, withheld(CANAL, BRIDGE), finding())
    assert reactions(given(*both).register) == []
    assert follow(*both, finding(on=BRIDGE)).states[REQUEST].status is RequestStatus.UNDER_REVIEW


def test_a_hold_that_came_after_the_finding_in_the_log_is_released_as_well() -> None:
    register = follow(*UNDER_REVIEW, finding(), withheld())
    assert register.states[REQUEST].status is RequestStatus.UNDER_REVIEW


def test_the_rules_for_the_register_bind_no_person() -> None:
    register = given(*WITHHELD).register
    refusal = register.command(ResumeReview(reason=WHY), SYSTEM)
    assert "has none" in refusal.message  # type: ignore[union-attr]
    given(*WITHHELD).when(ResumeReview(reason=WHY), by=reviewer).then(ReviewResumed(reason=WHY))


@pytest.mark.parametrize(
    "fall",
    [
        retraction(),
        finding(party=None),
        finding(likelihood=UNLIKELY),
        finding(confidence=LOW),
    ],
    ids=["retracted", "inconclusive", "less likely", "less sound"],
)
def test_what_the_register_released_is_held_again_when_its_ground_falls(fall: Past) -> None:
    register = follow(*RELEASED, fall)
    assert last(register) == RequestWithheld(
        reason=Text(
            "A finding that released the last hold no longer suffices: "
            "the review is withheld again, on the terms of that hold."
        ),
        awaiting=(CANAL,),
        minimum_likelihood=LIKELY,
        minimum_confidence=MODERATE,
    )
    assert register.states[REQUEST].hold.held_by == SYSTEM
    assert reactions(register) == []


def test_the_terms_stay_the_same_the_review_date_too_where_it_has_passed() -> None:
    terms = withheld(minimum_likelihood=VERY_LIKELY, minimum_confidence=HIGH, review_by=NOW - DAY)
    met = finding(likelihood=VERY_LIKELY, confidence=HIGH)
    register = follow(*UNDER_REVIEW, terms, met, resumed(), retraction())
    assert replace(last(register), reason=WHY) == terms.event
    assert register.states[REQUEST].is_overdue(NOW)


def test_it_is_released_again_when_a_finding_suffices_again() -> None:
    register = follow(*RELEASED, retraction(), withheld(by=SYSTEM), finding())
    assert isinstance(last(register), ReviewResumed)
    assert follow(*RELEASED, retraction(), finding()).states[REQUEST].status is RequestStatus.UNDER_REVIEW


def test_what_a_person_released_is_not_held_again() -> None:
    assert reactions(given(*WITHHELD, finding(), resumed(by=reviewer), retraction()).register) == []


def test_what_a_person_released_later_is_not_held_again_for_an_earlier_release() -> None:
    released = (*REPORTED, incident(BRIDGE), *RELEASED[len(REPORTED) :])
    assert reactions(given(*released, withheld(BRIDGE), resumed(by=reviewer), retraction()).register) == []


def test_another_party_that_suffices_releases_as_well_as_the_first() -> None:
    assert reactions(given(*RELEASED, finding("EXERCISE: the Blue party")).register) == []


def test_what_an_amendment_dropped_is_not_awaited_again() -> None:
    both = (*SEVERAL, withheld(CANAL, BRIDGE), finding(), finding(on=BRIDGE), resumed())
    dropped = Past(event=RequestAmended(incidents=(BRIDGE,), reason=WHY), by=submission().by)
    assert reactions(given(*both, dropped, retraction()).register) == []
    register = follow(*both, dropped, retraction(), retraction(on=BRIDGE))
    assert last(register).awaiting == (BRIDGE,)
    assert register.states[REQUEST].status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION


def test_a_release_counts_until_the_decision_and_no_longer() -> None:
    register = follow(*RELEASED, endorsement(), approval(ground(2)), retraction())
    assert register.states[REQUEST].status is RequestStatus.APPROVED


def test_it_cannot_drop_what_a_hold_awaited_whose_release_stands() -> None:
    """Else the party that asks could take away what the decision is to rest on."""
    drop = AmendRequest(incidents=(), reason=WHY)
    released = (*WITHHELD, finding(), resumed())
    given(*released).when(drop, by=requester).refused(
        InvalidInput,
        "The review was resumed because of a finding on pristina-i-2024-0001: name it too. Only kfor can release it",
        at=("incidents",),
    )
    given(*released, incident(BRIDGE)).when(replace(drop, incidents=(BRIDGE, CANAL)), by=requester).then(
        RequestAmended(incidents=(BRIDGE, CANAL), reason=WHY)
    )
    for let_go in ((withheld(), resumed(reviewer)), (withheld(BRIDGE), resumed(reviewer))):
        past = (*released, incident(BRIDGE), *let_go)
        given(*past).when(drop, by=requester).then(RequestAmended(incidents=(), reason=WHY))


def test_a_released_hold_does_not_tell_of_what_its_author_may_not_see() -> None:
    hidden = incident(BRIDGE, by=reviewer, reference="kfor-i-2024-0001")
    register = given(*UNDER_REVIEW, hidden, withheld(BRIDGE), finding(on=BRIDGE), resumed()).register
    answer = register.command(AmendRequest(incidents=(), reason=WHY), requester)
    assert answer == (RequestAmended(incidents=(BRIDGE,), reason=WHY),)


def test_verdicts_on_an_awaited_incident_that_the_viewer_may_not_see_are_undisclosed() -> None:
    hidden = incident(BRIDGE, by=reviewer, reference="kfor-i-2024-0001")
    register = given(*UNDER_REVIEW, hidden, withheld(BRIDGE, CANAL)).register
    verdicts = [
        [is_undisclosed(verdict) for verdict in register.explain(who, REQUEST)["RESUME_REVIEW"].verdicts]
        for who in (requester, reviewer)
    ]
    assert (verdicts[0].count(True), verdicts[1].count(True)) == (1, 0)
    assert register.states[REQUEST].concerns == {CANAL, BRIDGE}
