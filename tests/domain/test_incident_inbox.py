"""What waits for somebody on an incident: proposals, and the findings that a hold awaits."""

from dataclasses import replace
from functools import partial

import pytest

from domain import jurisdiction
from domain.deployment_request.awaited_findings import awaited_findings
from domain.incident.events import (
    CorrectionDiscarded,
    CorrectionProposed,
    EvidenceRecorded,
    IncidentCorrected,
    IncidentMarkingChanged,
    IncidentMarkingProposed,
    IncidentReferred,
    Particulars,
    ReferralAnswered,
)
from domain.incident.inbox import ANSWER, AWAITED, awaited_answers, awaited_steps, is_lacking, takes_findings
from domain.limits import ITEMS
from domain.vocabulary import SYSTEM, Actor, AnalyticConfidence, Label, Likelihood, Marking, Region, Role
from tests.domain.case import (
    BRIDGE,
    CANAL,
    CORRECTION,
    DAY,
    KFOR,
    PRISTINA,
    REPORTED,
    REQUEST,
    THIRD,
    UNDER_REVIEW,
    WHY,
    approver,
    colleague,
    evidence,
    finding,
    incident,
    investigator,
    mandate,
    person,
    requester,
    retraction,
    reviewer,
    withheld,
)
from tests.specification import NOW, MemoryRegister, Past, given

third_investigator = person("third-investigator", THIRD, Role.INVESTIGATOR)
third_approver = person("third-approver", THIRD, Role.APPROVER)
both = person("both", KFOR, Role.INVESTIGATOR, Role.APPROVER)
turncoat = replace(requester, authority=KFOR, roles=(Role.INVESTIGATOR,))
deputy_of_author = replace(colleague, on_behalf_of=requester.person)
deputy_of_colleague = replace(requester, on_behalf_of=colleague.person)
deputy_of_proposer = replace(both, roles=(Role.APPROVER,), on_behalf_of=requester.person)
deputy = replace(both, on_behalf_of=investigator.person)
EVERYBODY = (
    requester, colleague, reviewer, approver, investigator, third_investigator, third_approver, both, turncoat,
    deputy_of_author, deputy_of_colleague, deputy_of_proposer, deputy,
)  # fmt: skip
proposed = Past(
    event=CorrectionProposed(
        correction=CORRECTION, values=Particulars(kind=Label("fire")), before=Particulars(kind=Label("explosion")),
        reason=WHY,
    ),
    by=reviewer,
    on=CANAL,
)  # fmt: skip
accepted = Past(event=IncidentCorrected(kind=Label("fire"), reason=WHY, correction=CORRECTION), by=requester, on=CANAL)
discarded = Past(event=CorrectionDiscarded(correction=CORRECTION, reason=WHY), by=requester, on=CANAL)
lower = Past(event=IncidentMarkingProposed(marking=Marking.CLEAR, reason=WHY), by=requester, on=CANAL)
lowered = Past(event=IncidentMarkingChanged(marking=Marking.CLEAR, reason=WHY), by=approver, on=CANAL)
NEARER = mandate(Region("xk/north"), of=THIRD)


asked = Past(event=IncidentReferred(authority=THIRD, reason=WHY), by=investigator, on=CANAL)
asked_too = Past(event=IncidentReferred(authority=PRISTINA, reason=WHY), by=investigator, on=CANAL)
answered = Past(event=ReferralAnswered(answer=WHY), by=third_investigator, on=CANAL)


HISTORIES = (
    (), (proposed,), (lower,), (proposed, lower), (proposed, accepted), (lower, lowered), (asked,), (asked, asked_too),
    (asked, finding()), (finding(), asked), (asked, finding(party=None)), (asked, answered),
    (asked, answered, asked_too), (asked, finding(), retraction()),
)  # fmt: skip


def inbox(register: MemoryRegister, actor: Actor) -> set[str]:
    """What waits for the actor, which is what they could do of it."""
    state = register.states[CANAL]
    decides = register.ask(lambda context: jurisdiction.deciding_mandate(context, state.region), actor, CANAL)
    whose = decides is not None and decides.authority == actor.authority
    waits = {step.action for step in awaited_steps(state) if step.waits_for(actor, decides=whose)}
    waits |= {ANSWER for answer in awaited_answers(state) if answer.waits_for(actor)}
    available = set(register.available(actor, CANAL))
    for step in AWAITED:
        by = step.awaited.by if step.awaited else None
        judge = partial(by.judge, state) if by else None
        those = judge is None or all(verdict.met for verdict in register.ask(judge, actor, CANAL))
        could = step.action in available and those and bool(step.awaited and step.awaited.is_now(state, NOW))
        assert (step.action in waits) is could, (actor, step.action)
    return waits


@pytest.mark.parametrize("more", [(), (NEARER,)], ids=["kfor decides", "third decides"])
@pytest.mark.parametrize("history", HISTORIES)
def test_the_inbox_equals_the_available_actions(history: tuple[Past, ...], more: tuple[Past, ...]) -> None:
    register = given(*REPORTED, *history, *more).register
    for actor in EVERYBODY:
        inbox(register, actor)


def test_a_proposed_correction_waits_for_the_owner() -> None:
    register = given(*REPORTED, proposed).register
    for actor in (requester, investigator, turncoat, deputy_of_author, deputy_of_colleague, deputy):
        assert inbox(register, actor) == {"SETTLE_CORRECTION"}
    for actor in (colleague, reviewer, approver, third_investigator):
        assert inbox(register, actor) == set()
    [step] = awaited_steps(register.states[CANAL])
    assert (step.since, step.why) == (register.log[-1].recorded_at, "Proposed corrections to accept or to discard: 1.")
    for settled in (accepted, discarded):
        assert list(awaited_steps(given(*REPORTED, proposed, settled).register.states[CANAL])) == []


def test_a_proposed_marking_waits_for_an_approver_other_than_the_proposer() -> None:
    register = given(*REPORTED, lower).register
    assert [actor for actor in EVERYBODY if inbox(register, actor)] == [approver, both, deputy]
    own = replace(lower, by=replace(both, authority=requester.authority))
    assert [actor for actor in EVERYBODY if inbox(given(*REPORTED, own).register, actor)] == [approver]
    new = Past(event=replace(evidence().event, marking=Marking.AMBER), by=investigator, on=CANAL)
    assert isinstance(new.event, EvidenceRecorded)
    for ended in (lowered, new):
        assert list(awaited_steps(given(*REPORTED, lower, ended).register.states[CANAL])) == []


def test_a_referral_waits_for_the_authority_to_answer_it() -> None:
    question = "kfor asks third, before there is a finding: record evidence, or answer that there is none."
    act = "kfor refers it to third, to act on the finding: answer what is done."
    for history, why in (((asked,), question), ((asked, finding(party=None)), question), ((finding(), asked), act)):
        register = given(*REPORTED, *history).register
        assert [actor for actor in EVERYBODY if ANSWER in inbox(register, actor)] == [third_investigator], history
        [step] = awaited_answers(register.states[CANAL])
        [since] = [each.recorded_at for each in register.log if each.event == asked.event]
        assert (step.authority, step.since, step.why) == (THIRD, since, why)
    for history in ((asked, answered), (asked, finding())):
        assert list(awaited_answers(given(*REPORTED, *history).register.states[CANAL])) == []
    for more, code in (((asked, finding(), retraction()), THIRD), ((asked, asked_too, answered), PRISTINA)):
        [step] = awaited_answers(given(*REPORTED, *more).register.states[CANAL])
        assert step.authority == code


def test_what_waits_follows_the_mandate_over_the_place() -> None:
    register = given(*REPORTED, proposed, lower, NEARER).register
    assert inbox(register, third_investigator) == {"SETTLE_CORRECTION"}
    assert inbox(register, third_approver) == {"CHANGE_MARKING"}
    assert inbox(register, investigator) == inbox(register, approver) == set()


def test_a_hold_awaits_a_finding_on_each_of_its_incidents_until_it_suffices() -> None:
    other = incident(BRIDGE, reference="pristina-i-2024-0002")
    held = withheld(CANAL, BRIDGE, CANAL, review_by=NOW + DAY)
    register = given(*UNDER_REVIEW, other, held).register
    found = list(awaited_findings(register.states[REQUEST]))
    assert [(each.incident, each.due) for each in found] == [(CANAL, NOW + DAY), (BRIDGE, NOW + DAY)]
    assert {each.since for each in found} == {register.log[-1].recorded_at}
    assert {each.why for each in found} == {"The review of a request is withheld until a finding on it suffices."}
    threshold = found[0].threshold
    weak = finding(likelihood=Likelihood.UNLIKELY)
    unsound = finding(confidence=AnalyticConfidence.LOW)
    for past, lacks in (((), True), ((finding(),), False), ((weak,), True), ((unsound,), True)):
        assert is_lacking(threshold, given(*REPORTED, *past).register.states[CANAL]) is lacks
    assert is_lacking(threshold, given(*REPORTED, finding(party=None)).register.states[CANAL])
    assert list(awaited_findings(given(*UNDER_REVIEW).register.states[REQUEST])) == []


def test_no_finding_is_awaited_where_none_fits() -> None:
    assert takes_findings(given(*REPORTED).register.states[CANAL])
    full = given(*REPORTED, *[finding()] * ITEMS).register
    assert not takes_findings(full.states[CANAL])
    assert "ATTRIBUTE" not in full.available(investigator, CANAL)
    assert "ATTRIBUTE" not in full.available(SYSTEM, CANAL)
