"""A deputy is never a second pair of eyes for their principal: of D, of P, and of D for P."""

from dataclasses import replace
from itertools import product

import pytest

from domain.deployment_request import events
from domain.deployment_request.changed_endorsement import ChangeEndorsement
from domain.deployment_request.events import EndorsementChanged, Recommendation
from domain.deployment_request.extension import EndorseExtension, GrantExtension
from domain.refusals import TransitionRefused
from tests.domain.case import (
    DAY,
    KFOR,
    REQUEST,
    UNDER_REVIEW,
    WHY,
    approval,
    approver,
    endorsement,
    person,
    requester,
    reviewer,
    second_reviewer,
    submission,
)
from tests.domain.deputising import APPROVE, BOTH, ENDORSE, WHO, acting, appointed, dora, paula
from tests.domain.inboxes import expected, listed
from tests.specification import NOW, Past, given


@pytest.mark.parametrize(("first", "second"), list(product(WHO, WHO)))
def test_each_of_both_endorses_once_and_never_as_the_other(first: str, second: str) -> None:
    """Two endorsements are of two persons: one by D and one by P, each for themselves."""
    past = (*UNDER_REVIEW, appointed(), endorsement(WHO[first]))
    answer = given(*past).when(ENDORSE, by=WHO[second]).answer
    assert isinstance(answer, tuple) is ({first, second} == {"d", "p"}), answer
    if not isinstance(answer, tuple):
        assert isinstance(answer, TransitionRefused)
        assert ("You, or 'paula'" in answer.message) is (second == "d for p")


def test_deputies_of_one_principal_share_their_endorsement() -> None:
    other = person("other", KFOR, *BOTH)
    before = given(*UNDER_REVIEW, appointed(), appointed(paula, other), endorsement(acting()))
    before.when(ENDORSE, by=acting(other)).refused(TransitionRefused, "each person endorses a revision once")


def test_a_deputy_of_two_principals_endorses_once() -> None:
    other = person("other", KFOR, *BOTH)
    before = given(*UNDER_REVIEW, appointed(other), endorsement(acting()))
    before.when(ENDORSE, by=acting(dora, other)).refused(TransitionRefused, "You, or 'other'")


@pytest.mark.parametrize(("endorsing", "approving"), list(product(WHO, WHO)))
def test_a_deputy_is_no_second_pair_of_eyes(endorsing: str, approving: str) -> None:
    """One endorsement suffices: of the nine, only D and P for themselves are two persons."""
    past = (*UNDER_REVIEW, appointed(), endorsement(WHO[endorsing]))
    answer = given(*past).when(APPROVE, by=WHO[approving]).answer
    assert isinstance(answer, tuple) is ({endorsing, approving} == {"d", "p"}), answer


@pytest.mark.parametrize("own", WHO)
def test_a_deputy_does_not_decide_on_what_either_has_endorsed_however_many_others_did(own: str) -> None:
    past = (*UNDER_REVIEW, appointed(), endorsement(WHO[own]), endorsement(reviewer), endorsement(second_reviewer))
    said = "You, or 'paula', for whom you act, have endorsed revision 1: if either has, a deputy does not decide on it"
    given(*past).when(APPROVE, by=acting()).refused(TransitionRefused, said)
    assert isinstance(given(*past).when(APPROVE, by=paula).answer, tuple)


def test_a_deputy_decides_on_what_others_endorsed() -> None:
    past = (*UNDER_REVIEW, appointed(), endorsement(reviewer))
    assert isinstance(given(*past).when(APPROVE, by=acting()).answer, tuple)
    assert given(*past).when(APPROVE, by=acting()).register.states[REQUEST].decision.decided_by == acting()


CHANGE = ChangeEndorsement(recommendation=Recommendation.DENY, reason=WHY)
CHANGED = EndorsementChanged(recommendation=Recommendation.DENY, reason=WHY, revision=1)


@pytest.mark.parametrize(("first", "second"), list(product(WHO, WHO)))
def test_either_changes_what_both_have_a_part_in_and_both_keep_it(first: str, second: str) -> None:
    past = (*UNDER_REVIEW, appointed(), endorsement(WHO[first]))
    if {first, second} == {"d", "p"}:
        given(*past).when(CHANGE, by=WHO[second]).refused(TransitionRefused, "have not endorsed")
        return
    request = given(*past).when(CHANGE, by=WHO[second]).then(CHANGED)
    old, new = request.endorsements
    assert (old.replaced_by, request.endorsements_counted) == (new.position, 1)
    assert set(new.persons) == set(WHO[first].persons) | set(WHO[second].persons)
    assert len(new.persons) == len(set(new.persons))
    for each in new.persons:
        who = dora if each == dora.person else paula
        again = given(*past, Past(event=CHANGED, by=WHO[second])).when(ENDORSE, by=who)
        again.refused(TransitionRefused, "You have endorsed")


def test_who_took_a_part_before_a_change_decides_on_nothing_alone() -> None:
    for change, approves in ((dora, paula), (paula, dora)):
        back = replace(CHANGED, recommendation=Recommendation.APPROVE)
        past = (*UNDER_REVIEW, appointed(), endorsement(acting()), Past(event=back, by=change))
        given(*past).when(APPROVE, by=approves).refused(TransitionRefused, "Your own is not counted")


def test_a_deputy_of_somebody_who_also_endorsed_changes_neither() -> None:
    past = (*UNDER_REVIEW, appointed(), endorsement(dora), endorsement(paula))
    given(*past).when(CHANGE, by=acting()).refused(TransitionRefused, "each changes their own")
    given(*UNDER_REVIEW, appointed()).when(CHANGE, by=acting()).refused(
        TransitionRefused, "Neither you nor 'paula', for whom you act, have endorsed revision 1"
    )


def test_a_grant_of_an_extension_takes_four_eyes_too() -> None:
    asked = Past(event=events.ExtensionAsked(until=submission().event.period.end + DAY, reason=WHY), by=requester)
    vote = events.ExtensionEndorsed(recommendation=Recommendation.APPROVE, reason=WHY, revision=1)

    past = (*UNDER_REVIEW, endorsement(reviewer), approval(by=approver), asked, appointed())
    for endorsing, granting in product(WHO, WHO):
        circumstances = given(*past, Past(event=vote, by=WHO[endorsing]))
        grants = isinstance(circumstances.when(GrantExtension(reason=WHY), by=WHO[granting]).answer, tuple)
        again = given(*past, Past(event=vote, by=WHO[endorsing])).when(
            EndorseExtension(recommendation=Recommendation.APPROVE, reason=WHY), by=WHO[granting]
        )
        assert grants is isinstance(again.answer, tuple) is ({endorsing, granting} == {"d", "p"})


@pytest.mark.parametrize("endorsing", [*WHO, "another"])
def test_the_inbox_of_a_deputy_is_what_they_may_do_for_the_principal(endorsing: str) -> None:
    by = {**WHO, "another": reviewer}[endorsing]
    for recommendation in Recommendation:
        register = given(*UNDER_REVIEW, appointed(), endorsement(by, recommendation)).register
        for who in WHO.values():
            assert listed(register, who, NOW) == expected(register, who, NOW)
    others = (endorsement(second_reviewer), endorsement(reviewer, Recommendation.DENY))
    plenty = (*others[:1], endorsement(person("third", KFOR, *BOTH)))
    for votes in (others, plenty, (*plenty, endorsement(by)), (*others[:1], endorsement(by, Recommendation.DENY))):
        register = given(*UNDER_REVIEW, appointed(), *votes).register
        for who in WHO.values():
            assert listed(register, who, NOW) == expected(register, who, NOW), votes


def test_an_inbox_is_of_equals_even_if_an_endorsement_no_longer_counts() -> None:
    """Of two who endorsed alike, one's endorsement counts no longer, since their deputy is recused."""
    recusal = Past(event=events.ReviewerRecused(reason=WHY), by=dora)
    both = person("both", KFOR, *BOTH)
    register = given(*UNDER_REVIEW, endorsement(acting()), endorsement(both), recusal).register
    for who in (dora, paula, both, approver, acting()):
        assert listed(register, who, NOW) == expected(register, who, NOW)
