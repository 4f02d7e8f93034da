"""Until the decision a reviewer can change their endorsement: the old one stays on record and no longer counts."""

from dataclasses import replace
from functools import partial

import pytest

from domain.decider import Context, Outlook
from domain.deployment_request.changed_endorsement import ChangeEndorsement
from domain.deployment_request.commands import ApproveRequest
from domain.deployment_request.events import EndorsementChanged, Recommendation
from domain.deployment_request.lifecycle import outlooks
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import disclosed
from domain.limits import ITEMS
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import Text
from tests.domain.case import (
    APPROVED,
    ENDORSED,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    amendment,
    approver,
    endorsement,
    recusal,
    requester,
    reviewer,
    second_reviewer,
    withheld,
)
from tests.specification import NOW, Past, given

FOR, AGAINST = Recommendation.APPROVE, Recommendation.DENY
CHANGE = ChangeEndorsement(recommendation=AGAINST, reason=Text("EXERCISE: the canal is mined."))
CHANGED = EndorsementChanged(recommendation=AGAINST, reason=CHANGE.reason, revision=1)
changed = Past(event=CHANGED, by=reviewer)


@pytest.mark.parametrize("history", [ENDORSED, (*ENDORSED, withheld())], ids=["under review", "withheld"])
def test_the_old_one_stays_on_record_and_no_longer_counts(history: tuple[Past, ...]) -> None:
    request = given(*history).when(CHANGE, by=reviewer).then(CHANGED)
    old, new = request.endorsements
    assert (old.recommendation, old.replaced_by, request.counts(old)) == (FOR, new.position, False)
    assert (new.recommendation, new.by, new.endorsed_at, request.counts(new)) == (AGAINST, reviewer, NOW, True)
    assert request.endorsements_counted == 1


def test_a_decision_counts_the_last_one_of_each_person() -> None:
    approve = ApproveRequest(reason=WHY)
    given(*ENDORSED, changed).when(approve, by=approver).refused(TransitionRefused, "0 of 1 endorsement of revision 1")
    back = Past(event=replace(CHANGED, recommendation=FOR), by=reviewer)
    answer = given(*ENDORSED, changed, back).when(approve, by=approver).answer
    assert isinstance(answer, tuple), answer
    others = (*ENDORSED, endorsement(second_reviewer), changed)
    given(*others).when(approve, by=approver).refused(TransitionRefused, "1 for approval and 1 against")


def test_only_its_author_changes_it_and_only_one_of_the_current_revision() -> None:
    said = "You have not endorsed revision 1: only an endorsement of the current revision can be changed."
    given(*ENDORSED).when(CHANGE, by=second_reviewer).refused(TransitionRefused, said)
    given(*UNDER_REVIEW).when(CHANGE, by=reviewer).refused(TransitionRefused, said)
    given(*ENDORSED, amendment).when(CHANGE, by=reviewer).refused(
        TransitionRefused, "You have not endorsed revision 2: only an endorsement of the current revision"
    )


def test_whoever_takes_no_part_changes_nothing() -> None:
    given(*ENDORSED, recusal).when(CHANGE, by=reviewer).refused(NotPermitted, "You are recused")
    given(*ENDORSED).when(CHANGE, by=requester).refused(NotPermitted, "This takes a reviewer of kfor")


@pytest.mark.parametrize("history", [SUBMITTED, APPROVED], ids=["before the review", "after the decision"])
def test_it_is_changed_until_the_decision(history: tuple[Past, ...]) -> None:
    given(*history).when(CHANGE, by=reviewer).refused(
        TransitionRefused, "it would have to be under review or withheld pending attribution"
    )


def test_a_change_changes_something() -> None:
    same = ChangeEndorsement(recommendation=FOR, reason=WHY)
    given(*ENDORSED).when(same, by=reviewer).refused(
        InvalidInput, "You recommend this already, for the same reason", at=("recommendation",)
    )
    other = replace(same, reason=CHANGE.reason)
    given(*ENDORSED).when(other, by=reviewer).then(replace(CHANGED, recommendation=FOR))


def seen_by_requesters(request: DeploymentRequest, context: Context) -> tuple[Outlook, ...]:
    return outlooks(request, replace(context, deliberations=False))


def test_who_may_not_read_them_learns_how_many_could_be_changed() -> None:
    for history, number in (
        (UNDER_REVIEW, 0),
        ((*UNDER_REVIEW, endorsement(second_reviewer), replace(changed, by=second_reviewer)), 1),
    ):
        register = given(*history).register
        request = disclosed(register.states[REQUEST])
        found = register.ask(partial(seen_by_requesters, request), requester, REQUEST)
        [outlook] = [each for each in found if each.action == "CHANGE_ENDORSEMENT"]
        assert outlook.possible is (number > 0)
        assert f"Endorsements of revision 1 that their authors can change: {number}." in str(outlook.verdicts)
        assert second_reviewer.subject not in str(outlook)


def test_a_request_holds_a_thousand_endorsements_changed_ones_included() -> None:
    register = given(*ENDORSED, *[changed] * (ITEMS - 2)).register
    assert isinstance(register.judge(replace(CHANGE, reason=WHY), reviewer), tuple)
    register.record(changed)
    refusal = register.judge(replace(CHANGE, reason=WHY), reviewer)
    assert isinstance(refusal, TransitionRefused)
    assert "It has 1,000 endorsements, the maximum: decide it." in refusal.message
