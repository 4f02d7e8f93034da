"""A request is reviewed: taken up, withheld, resumed, endorsed, and left by those who recuse themselves."""

from dataclasses import replace

import pytest

from domain.decider import step_of
from domain.deployment_request import commands as c
from domain.deployment_request.assignment import AssignRequest
from domain.deployment_request.events import (
    Recommendation,
    RequestEndorsed,
    RequestWithheld,
    ReviewBegun,
    ReviewerRecused,
    ReviewResumed,
)
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import RequestStatus
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import SYSTEM, Actor, AnalyticConfidence, IncidentId, Likelihood, Marking, Role, Threshold
from tests.domain.case import (
    APPROVED,
    BRIDGE,
    CANAL,
    DAY,
    ENDORSED,
    KFOR,
    NOWHERE,
    PRISTINA,
    REQUEST,
    SUBMITTED,
    UNDER_REVIEW,
    WHY,
    WITHHELD,
    amendment,
    approver,
    colleague,
    endorsement,
    finding,
    incident,
    investigator,
    person,
    questioned,
    recusal,
    requester,
    resumed,
    reviewer,
    second_reviewer,
    withheld,
)
from tests.specification import NOW, Past, given

FOR, AGAINST = Recommendation.APPROVE, Recommendation.DENY


def test_a_reviewer_takes_it_up() -> None:
    request = given(*SUBMITTED).when(c.BeginReview(reason=WHY), by=reviewer).then(ReviewBegun(reason=WHY))
    assert request.status is RequestStatus.UNDER_REVIEW


def test_it_is_taken_up_once() -> None:
    given(*UNDER_REVIEW).when(c.BeginReview(reason=WHY), by=reviewer).refused(
        TransitionRefused,
        "This cannot be done while it is under review: it would have to be submitted.",
        status="UNDER_REVIEW",
        available=("WITHHOLD", "ENDORSE", "RECUSE", "ASSIGN", "REMARK", "CHANGE_MARKING"),
    )


WITHHOLD = c.WithholdRequest(reason=WHY, awaiting=(CANAL,))
WITHHELD_ON: RequestWithheld = withheld().event


def test_a_reviewer_withholds_a_request_until_attribution() -> None:
    request = given(*UNDER_REVIEW).when(WITHHOLD, by=reviewer).then(WITHHELD_ON)
    assert request.status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION
    assert (request.hold.held_by, request.hold.held_since, request.hold.awaiting) == (reviewer, NOW, (CANAL,))
    assert request.hold.threshold == Threshold()
    assert request.next_due() is None


def test_on_terms_of_their_own() -> None:
    terms = replace(
        WITHHOLD,
        awaiting=(CANAL, CANAL),
        minimum_likelihood=Likelihood.ALMOST_CERTAIN,
        minimum_confidence=AnalyticConfidence.HIGH,
        review_by=NOW + DAY,
    )
    request = (
        given(*UNDER_REVIEW)
        .when(terms, by=reviewer)
        .then(
            RequestWithheld(
                reason=WHY,
                awaiting=(CANAL,),
                minimum_likelihood=Likelihood.ALMOST_CERTAIN,
                minimum_confidence=AnalyticConfidence.HIGH,
                review_by=NOW + DAY,
            )
        )
    )
    assert request.next_due() == NOW + DAY
    assert (request.is_overdue(NOW), request.is_overdue(NOW + DAY)) == (False, True)


def test_what_it_awaits_the_request_rests_on_from_then_on() -> None:
    both = replace(WITHHOLD, awaiting=(BRIDGE, CANAL))
    request = (
        given(*UNDER_REVIEW, incident(BRIDGE))
        .when(both, by=reviewer)
        .then(replace(WITHHELD_ON, awaiting=(BRIDGE, CANAL)))
    )
    assert request.incidents == (CANAL, BRIDGE)


def test_a_hold_awaits_something() -> None:
    given(*UNDER_REVIEW).when(replace(WITHHOLD, awaiting=()), by=reviewer).refused(
        InvalidInput, "Name at least one incident", at=("awaiting",)
    )


@pytest.mark.parametrize("unknown", [IncidentId(NOWHERE), IncidentId(REQUEST), BRIDGE])
def test_a_hold_awaits_incidents_that_the_reviewer_may_see(unknown: IncidentId) -> None:
    hidden = incident(BRIDGE, marking=Marking.RED)
    given(*UNDER_REVIEW, hidden).when(replace(WITHHOLD, awaiting=(CANAL, unknown)), by=reviewer).refused(
        InvalidInput, "There is no such incident that you may see", at=("awaiting",)
    )


@pytest.mark.parametrize(
    ("found", "holds"),
    [
        (finding(), False),
        (finding(likelihood=Likelihood.ROUGHLY_EVEN_CHANCE), True),
        (finding(confidence=AnalyticConfidence.LOW), True),
        (finding(party=None), True),
    ],
)
def test_a_hold_awaits_what_has_no_finding_that_suffices(found: Past, holds: bool) -> None:
    when = given(*UNDER_REVIEW, found).when(WITHHOLD, by=reviewer)
    if holds:
        when.then(WITHHELD_ON)
    else:
        when.refused(InvalidInput, "already has a sufficient finding", at=("awaiting",))


def test_one_of_several_without_a_finding_is_enough() -> None:
    both = replace(WITHHOLD, awaiting=(CANAL, BRIDGE))
    given(*UNDER_REVIEW, incident(BRIDGE), finding()).when(both, by=reviewer).then(
        replace(WITHHELD_ON, awaiting=(CANAL, BRIDGE))
    )


def test_the_register_withholds_only_where_what_released_the_last_hold_fell() -> None:
    for history in (UNDER_REVIEW, (*WITHHELD, finding(), resumed())):
        given(*history).when(WITHHOLD, by=SYSTEM).refused(
            TransitionRefused, "the register withholds again only if one has", status="UNDER_REVIEW", available=()
        )


def test_a_reviewer_resumes_with_a_reason_whether_or_not_the_hold_is_met() -> None:
    for history in (WITHHELD, (*WITHHELD, finding())):
        request = given(*history).when(c.ResumeReview(reason=WHY), by=second_reviewer).then(ReviewResumed(reason=WHY))
        assert (request.status, request.hold, request.release) == (RequestStatus.UNDER_REVIEW, None, None)


@pytest.mark.parametrize("recommendation", Recommendation)
def test_a_reviewer_endorses_the_current_revision(recommendation: Recommendation) -> None:
    command = c.EndorseRequest(recommendation=recommendation, reason=WHY)
    request = (
        given(*UNDER_REVIEW)
        .when(command, by=reviewer)
        .then(RequestEndorsed(recommendation=recommendation, reason=WHY, revision=1))
    )
    (given_,) = request.endorsements
    assert (given_.by, given_.recommendation, given_.endorsed_at) == (reviewer, recommendation, NOW)
    assert request.counts(given_)


ENDORSE = c.EndorseRequest(recommendation=FOR, reason=WHY)


@pytest.mark.parametrize("first", Recommendation)
def test_each_person_endorses_a_revision_once(first: Recommendation) -> None:
    done = endorsement(recommendation=first)
    given(*UNDER_REVIEW, done).when(ENDORSE, by=reviewer).refused(
        TransitionRefused, "You have endorsed revision 1: each person endorses a revision once."
    )
    again = RequestEndorsed(recommendation=FOR, reason=WHY, revision=2)
    given(*UNDER_REVIEW, done, amendment).when(ENDORSE, by=reviewer).then(again)
    given(*UNDER_REVIEW, done).when(ENDORSE, by=second_reviewer).then(replace(again, revision=1))


def test_who_asked_or_amended_does_not_endorse_for_whomever_they_act() -> None:
    turncoat = replace(requester, authority=KFOR, roles=(Role.REVIEWER,))
    given(*UNDER_REVIEW).when(ENDORSE, by=turncoat).refused(
        NotPermitted,
        "You submitted or amended the request, or asked to extend its approval, and are interested in it: "
        "this takes a reviewer of kfor who is neither recused nor interested.",
    )
    amender = person("amender", KFOR, Role.REVIEWER)
    amended = replace(amendment, by=replace(amender, authority=PRISTINA, roles=(Role.REQUESTER,)))
    given(*UNDER_REVIEW, amended).when(ENDORSE, by=amender).refused(NotPermitted, "submitted or amended")


def test_a_person_is_one_by_issuer_and_subject() -> None:
    namesake = replace(reviewer, issuer="another")
    given(*ENDORSED).when(ENDORSE, by=namesake).then(RequestEndorsed(recommendation=FOR, reason=WHY, revision=1))
    asker = replace(requester, issuer="another", authority=KFOR, roles=(Role.REVIEWER,))
    given(*UNDER_REVIEW).when(ENDORSE, by=asker).then(RequestEndorsed(recommendation=FOR, reason=WHY, revision=1))


@pytest.mark.parametrize("actor", [reviewer, approver])
@pytest.mark.parametrize("history", [SUBMITTED, UNDER_REVIEW, WITHHELD])
def test_reviewers_and_approvers_recuse_themselves(history: tuple[Past, ...], actor: object) -> None:
    by = reviewer if actor is reviewer else approver
    request = given(*history).when(c.RecuseReviewer(reason=WHY), by=by).then(ReviewerRecused(reason=WHY))
    assert request.is_recused(by.person)
    assert not request.is_recused(second_reviewer.person)


EVERY_ROLE = replace(reviewer, roles=tuple(Role))
STEPS_OF_THE_DECIDER = (
    (SUBMITTED, c.BeginReview(reason=WHY), "a reviewer"),
    (SUBMITTED, c.RecuseReviewer(reason=WHY), "a reviewer or approver"),
    (SUBMITTED, AssignRequest(reason=WHY), "a reviewer or approver"),
    (UNDER_REVIEW, WITHHOLD, "a reviewer"),
    (WITHHELD, c.ResumeReview(reason=WHY), "a reviewer"),
    (UNDER_REVIEW, ENDORSE, "a reviewer"),
    (UNDER_REVIEW, c.ApproveRequest(reason=WHY), "an approver"),
    (UNDER_REVIEW, c.DenyRequest(reason=WHY), "an approver"),
    ((*APPROVED, questioned), c.ConfirmApproval(reason=WHY), "an approver"),
    (APPROVED, c.RevokeApproval(reason=WHY), "an approver"),
)


@pytest.mark.parametrize(("history", "command", "who"), STEPS_OF_THE_DECIDER)
def test_who_is_recused_takes_no_further_part(history: tuple[Past, ...], command: object, who: str) -> None:
    given(*history, recusal).when(command, by=EVERY_ROLE).refused(
        NotPermitted,
        "You are recused and take no further part, except for remarks: "
        f"this takes {who} of kfor who is neither recused nor interested.",
    )


@pytest.mark.parametrize("author", [requester, colleague], ids=["who submitted", "who amended"])
@pytest.mark.parametrize(("history", "command", "who"), STEPS_OF_THE_DECIDER)
def test_who_submitted_or_amended_takes_no_step_of_the_decider(
    history: tuple[Past, ...], command: object, who: str, author: Actor
) -> None:
    """Also not for the deciding authority, which they act for by now."""
    amended = (*history, replace(amendment, by=colleague))
    turncoat = replace(author, authority=KFOR, roles=tuple(Role))
    given(*amended).when(command, by=turncoat).refused(
        NotPermitted,
        "You submitted or amended the request, or asked to extend its approval, and are interested in it: "
        f"this takes {who} of kfor who is neither recused nor interested.",
    )
    register = given(*amended).register
    assert register.available(turncoat, REQUEST) == ("REMARK",)
    outlook = register.explain(turncoat, REQUEST)[step_of(STEPS, type(command)).action]
    interested = [verdict.met for verdict in outlook.verdicts if verdict.rule == "INTERESTED"]
    assert (outlook.available, interested) == (False, [False])


def test_not_even_for_another_authority_but_for_remarks() -> None:
    elsewhere = replace(reviewer, authority=PRISTINA, roles=(Role.REQUESTER,))
    register = given(*UNDER_REVIEW, recusal).register
    assert register.available(elsewhere, REQUEST) == ("REMARK",)
    assert register.available(EVERY_ROLE, REQUEST) == ("REMARK",)
    assert isinstance(register.command(c.WithdrawRequest(reason=WHY), elsewhere), NotPermitted)
    assert isinstance(register.command(c.RemarkOnRequest(reason=WHY), EVERY_ROLE), tuple)


def test_the_endorsement_of_a_recused_reviewer_does_not_count() -> None:
    request = given(*ENDORSED, recusal).register.states[REQUEST]
    assert not request.counts(request.endorsements[0])


def test_recusing_changes_neither_status_nor_terms() -> None:
    before = given(*UNDER_REVIEW).register.states[REQUEST]
    after = given(*UNDER_REVIEW, recusal).register.states[REQUEST]
    fields = ("version", "updated_at", "recusals", "text_bytes")
    moved = {name: getattr(after, name) for name in fields}
    assert replace(before, **moved) == after


def test_others_of_the_deciding_authority_have_no_part_in_a_review() -> None:
    for command in (c.BeginReview(reason=WHY), WITHHOLD, ENDORSE, c.RecuseReviewer(reason=WHY)):
        given(*SUBMITTED).when(command, by=investigator).refused(NotPermitted, "reviewer", "of kfor")
