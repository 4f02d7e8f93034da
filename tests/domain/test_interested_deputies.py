"""Interest, recusal and what else concerns a person bar a deputy and their principal together."""

from dataclasses import replace
from itertools import product

import pytest

from domain.authority import AuthorityRegistered, SetAuditingAuthority
from domain.blocked_persons import BlockPerson
from domain.deployment_request import commands as c
from domain.deployment_request import events
from domain.deployment_request.marking import ChangeRequestMarking
from domain.incident import commands as i
from domain.incident.correction import CorrectIncident
from domain.incident.events import Alternative, IncidentMarkingChanged, IncidentMarkingProposed
from domain.incident.evidence import WithdrawEvidence
from domain.jurisdiction import GrantMandate
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import Actor, AnalyticConfidence, AuthorityCode, Label, Likelihood, Marking, Quorum, Role, Text
from tests.domain.case import (
    BRIDGE,
    CANAL,
    DAY,
    EVIDENCE,
    KFOR,
    PLACE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    REQUEST,
    SUBMITTED,
    THIRD,
    UNDER_REVIEW,
    WHY,
    admin,
    amendment,
    approver,
    colleague,
    endorsement,
    evidence,
    finding,
    incident,
    investigator,
    mandate,
    person,
    requester,
    reviewer,
    submission,
)
from tests.domain.deputising import BEGIN, BOTH, ENDORSE, REMARK, WHO, acting, appointed, dora, paula, resolved
from tests.domain.inboxes import expected, listed
from tests.specification import NOW, Past, given

asker = Actor(issuer="mandate", subject=requester.subject, authority=KFOR, roles=BOTH)
"""The requester, who also acts for those who decide."""


@pytest.mark.parametrize(
    ("deputy", "principal", "said"),
    [
        (asker, paula, "You submitted or amended the request"),
        (dora, asker, "'requester', for whom you act, submitted or amended"),
    ],
)
def test_interest_bars_both(deputy: Actor, principal: Actor, said: str) -> None:
    before = given(*SUBMITTED, appointed(principal, deputy))
    before.when(BEGIN, by=acting(deputy, principal)).refused(NotPermitted, said, "leave out onBehalfOf")


def test_whoever_submits_or_amends_for_another_makes_both_interested() -> None:
    by = acting(colleague, requester)
    for past in (submission(by=by), submission(by=investigator)):
        amended = replace(amendment, by=by)
        for each in (asker, replace(asker, subject=colleague.subject)):
            given(*REPORTED, past, amended).when(BEGIN, by=each).refused(NotPermitted, "are interested in it")


@pytest.mark.parametrize(
    ("recused", "said"),
    [(dora, "You are recused and take"), (paula, "'paula', for whom you act, is recused and takes")],
)
def test_recusal_bars_both(recused: Actor, said: str) -> None:
    recusal = Past(event=events.ReviewerRecused(reason=WHY), by=recused)
    given(*SUBMITTED, recusal, appointed()).when(BEGIN, by=acting()).refused(NotPermitted, said)
    assert isinstance(given(*SUBMITTED, recusal, appointed()).when(REMARK, by=acting()).answer, tuple)


def test_a_deputy_who_recuses_recuses_both() -> None:
    assigned = Past(event=events.RequestAssigned(subject=paula.subject, reason=WHY), by=approver)
    recused = given(*UNDER_REVIEW, endorsement(dora), assigned, appointed()).when(
        c.RecuseReviewer(reason=WHY), by=acting()
    )
    request = recused.then(events.ReviewerRecused(reason=WHY))
    assert [part.person for part in request.recusals] == [dora.person, paula.person]
    assert (request.assigned_to, request.endorsements_counted) == (None, 0)
    for each in (dora, paula):
        assert isinstance(recused.register.judge(ENDORSE, each, REQUEST), NotPermitted)


def test_an_endorsement_does_not_count_once_either_of_both_is_recused() -> None:
    for each in (dora, paula):
        recusal = Past(event=events.ReviewerRecused(reason=WHY), by=each)
        register = given(*UNDER_REVIEW, endorsement(acting()), recusal).register
        assert register.states[REQUEST].endorsements_counted == 0


@pytest.mark.parametrize(("proposing", "accepting"), list(product(WHO, WHO)))
def test_a_marking_is_lowered_by_two_persons(proposing: str, accepting: str) -> None:
    """Of an incident that those who decide reported themselves."""
    own = incident(by=reviewer, marking=Marking.AMBER, reference="kfor-i-2024-0001")
    proposed = Past(event=IncidentMarkingProposed(marking=Marking.CLEAR, reason=WHY), by=WHO[proposing], on=CANAL)
    change = i.ChangeIncidentMarking(marking=Marking.CLEAR, reason=WHY)
    past = (*REGISTERED, REPORTED[len(REGISTERED)], own, proposed, appointed())
    answer = given(*past).when(change, by=WHO[accepting], on=CANAL).answer
    assert isinstance(answer, tuple) is ({proposing, accepting} == {"d", "p"}), answer
    if isinstance(answer, tuple):
        assert isinstance(answer[0], IncidentMarkingChanged)


def test_a_proposal_waits_for_neither_of_those_who_made_it() -> None:
    by = replace(acting(), authority=PRISTINA)
    proposed = Past(event=events.RequestMarkingProposed(marking=Marking.CLEAR, reason=WHY), by=by)
    register = given(*SUBMITTED, proposed).register
    for each, waits in ((dora, False), (paula, False), (approver, True)):
        assert ("CHANGE_MARKING" in listed(register, each, NOW)) is waits
        assert listed(register, each, NOW) == expected(register, each, NOW)


def test_what_is_raised_to_red_has_a_recipient_besides_both() -> None:
    red = ChangeRequestMarking(marking=Marking.RED, recipients=(paula.subject, dora.subject), reason=WHY)
    before = given(*UNDER_REVIEW, appointed())
    before.when(red, by=acting()).refused(InvalidInput, "name an approver of kfor", at=("recipients",))
    named = replace(red, recipients=(paula.subject, approver.subject))
    assert isinstance(given(*UNDER_REVIEW, appointed()).when(named, by=acting()).answer, tuple)


ivan, irma = (person(name, KFOR, Role.INVESTIGATOR) for name in ("ivan", "irma"))


def test_a_deputy_dissents_neither_from_their_own_finding_nor_from_their_principals() -> None:
    dissent = i.DissentFromFinding(finding=an_alternative(), reason=WHY)
    lent = appointed(ivan, irma, Role.INVESTIGATOR)
    for found_by, may in ((ivan, False), (irma, False), (investigator, True)):
        past = (*REPORTED, replace(finding(), by=found_by), lent)
        answer = given(*past).when(dissent, by=acting(irma, ivan), on=CANAL).answer
        assert isinstance(answer, tuple) is may, answer
    by_deputy = (*REPORTED, replace(finding(), by=acting(irma, ivan)), lent)
    for each in (ivan, irma):
        given(*by_deputy).when(dissent, by=each, on=CANAL).refused(TransitionRefused, "is your own")


def an_alternative() -> Alternative:

    return Alternative(likelihood=Likelihood.LIKELY, confidence=AnalyticConfidence.HIGH, basis=WHY)


def test_a_deputy_corrects_and_withdraws_what_is_the_principals() -> None:
    lent = appointed(requester, colleague, Role.REQUESTER)
    by, correct = acting(colleague, requester), CorrectIncident(description=Text("EXERCISE: corrected."), reason=WHY)
    assert isinstance(given(*REPORTED, lent).when(correct, by=by, on=CANAL).answer, tuple)
    given(*REPORTED, lent).when(correct, by=colleague, on=CANAL).refused(NotPermitted, "the person who reported it")
    withdraw = WithdrawEvidence(evidence=EVIDENCE, reason=WHY)
    past = (*REPORTED, evidence(by=requester), lent)
    assert isinstance(given(*past).when(withdraw, by=by, on=CANAL).answer, tuple)
    given(*past).when(withdraw, by=colleague, on=CANAL).refused(NotPermitted)
    elsewhere = replace(by, authority=THIRD)
    there = appointed(replace(requester, authority=THIRD), elsewhere, Role.REQUESTER)
    green = (
        *REGISTERED,
        mandate(),
        incident(marking=Marking.GREEN),
        evidence(by=requester, marking=Marking.GREEN),
        there,
    )
    given(*green).when(withdraw, by=elsewhere, on=CANAL).refused(NotPermitted, "the person who recorded the evidence")
    given(*green).when(correct, by=elsewhere, on=CANAL).refused(NotPermitted, "the person who reported it")


def test_interest_bars_both_from_the_marking() -> None:
    red = ChangeRequestMarking(marking=Marking.RED, recipients=(approver.subject,), reason=WHY)
    lent = (appointed(asker, dora), appointed(paula, asker))
    for by in (acting(dora, asker), acting(asker, paula)):
        given(*UNDER_REVIEW, *lent).when(red, by=by).refused(NotPermitted, "neither recused nor interested")


def test_a_red_incident_has_an_investigator_besides_both() -> None:
    report = i.ReportIncident(
        kind=Label("explosion"),
        description=WHY,
        region=PLACE,
        occurred_at=NOW - DAY,
        marking=Marking.RED,
        recipients=(requester.subject, colleague.subject),
    )
    lent = appointed(requester, colleague, Role.REQUESTER)
    before = given(*REPORTED, lent)
    before.when(report, by=acting(colleague, requester), on=BRIDGE).refused(InvalidInput, at=("recipients",))


def test_two_administrators_are_two_persons() -> None:
    first, second = (person(name, KFOR, Role.ADMINISTRATOR) for name in ("first", "second"))
    lent = appointed(first, second, Role.ADMINISTRATOR)
    desk = AuthorityCode("desk")
    for registered_by, grants in ((first, False), (second, False), (admin, True)):
        registered = Past(event=AuthorityRegistered(code=desk, name=Label("Desk")), by=registered_by)
        register = given(*REGISTERED, lent, registered).register
        grant = GrantMandate(
            authority=desk, region=PLACE, legal_basis=Label("EXERCISE"), endorsements_required=Quorum(1)
        )
        audit = SetAuditingAuthority(authority=desk, audits_everything=True, reason=WHY)
        for command in (grant, audit):
            attempt = register.attempt(command, acting(second, first), None, NOW)  # type: ignore[arg-type]
            strict = replace(attempt, context=replace(attempt.context, two_administrators=True))
            assert isinstance(resolved(register, strict), tuple) is grants


def test_a_deputy_blocks_neither_of_both() -> None:
    first, second = (person(name, KFOR, Role.ADMINISTRATOR) for name in ("first", "second"))
    lent = appointed(first, second, Role.ADMINISTRATOR)
    for whom in (first, second):
        block = BlockPerson(issuer=Label("mandate"), subject=whom.subject, reason=WHY)
        before = given(*REGISTERED, lent)
        before.when(block, by=acting(second, first)).refused(InvalidInput, "cannot block yourself", at=("subject",))
