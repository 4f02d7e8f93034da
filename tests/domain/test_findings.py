"""What was found on an incident is attributed, retracted and referred: by whom, in every status."""

from dataclasses import dataclass, replace
from itertools import product

import pytest

from domain.decider import step_of
from domain.incident import commands as c
from domain.incident.events import (
    AttributionRetracted,
    IncidentAttributed,
    IncidentReferred,
)
from domain.incident.lifecycle import STEPS
from domain.incident.referral import ReferIncident
from domain.incident.state import AttributionStatus
from domain.jurisdiction import MandateEnded
from domain.refusals import InvalidInput, NotFound, NotPermitted, TransitionRefused
from domain.vocabulary import (
    AnalyticConfidence,
    AuthorityCode,
    EvidenceId,
    InformationCredibility,
    Likelihood,
    Marking,
    RequestId,
    Role,
    SourceReliability,
    Text,
)
from tests.domain.case import (
    CANAL,
    EVIDENCE,
    KFOR,
    NOWHERE,
    PLACE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    REQUEST,
    THIRD,
    WHY,
    XK,
    admin,
    auditor,
    begun,
    evidence,
    finding,
    incident,
    investigator,
    mandate,
    person,
    requester,
    retraction,
    reviewer,
    stranger,
    submission,
    withheld,
)
from tests.specification import NOW, MemoryRegister, Past, given

OPEN, ATTRIBUTED, INCONCLUSIVE = AttributionStatus
RECORD = c.RecordEvidence(
    summary=Text("EXERCISE: a fragment"),
    source_reliability=SourceReliability.B,
    information_credibility=InformationCredibility.TWO,
)
ATTRIBUTE = c.AttributeIncident(
    responsible_party=Text("EXERCISE: the Red party"),
    likelihood=Likelihood.LIKELY,
    confidence=AnalyticConfidence.MODERATE,
    basis=Text("EXERCISE: by comparison"),
)
RETRACT = c.RetractAttribution(reason=WHY)
REFER = ReferIncident(authority=THIRD, reason=WHY)
RAISE = c.ChangeIncidentMarking(marking=Marking.AMBER, reason=WHY)
referral = Past(event=IncidentReferred(authority=THIRD, reason=WHY), by=investigator)


@pytest.mark.parametrize("before", [(), (finding("EXERCISE: the Blue party"),), (finding(party=None),)])
def test_a_finding_replaces_the_one_that_stands(before: tuple[Past, ...]) -> None:
    named = replace(ATTRIBUTE, evidence=(EVIDENCE, EVIDENCE), changed_because=WHY)
    state = (
        given(*REPORTED, evidence(), *before)
        .when(named, by=investigator)
        .then(replace(finding().event, evidence=(EVIDENCE,), changed_because=WHY))
    )
    assert (state.status, state.attribution.found_by, state.attribution.found_at) == (ATTRIBUTED, investigator, NOW)
    assert state.attribution.version == state.version


def test_a_finding_without_a_party_is_inconclusive() -> None:
    nobody = replace(ATTRIBUTE, responsible_party=None)
    state = given(*REPORTED).when(nobody, by=investigator).then(finding(party=None).event)
    assert state.status is INCONCLUSIVE


@pytest.mark.parametrize("unknown", [EvidenceId(NOWHERE), EVIDENCE])
def test_a_finding_rests_on_evidence_that_its_author_may_see(unknown: EvidenceId) -> None:
    hidden = evidence(by=reviewer, marking=Marking.RED)
    given(*REPORTED, hidden).when(replace(ATTRIBUTE, evidence=(unknown,)), by=investigator).refused(
        InvalidInput, f"This incident has no such evidence that you may see: {unknown}.", at=("evidence",)
    )


def test_a_retracted_finding_gives_way_to_none() -> None:
    twice = (finding("EXERCISE: the Blue party"), finding())
    state = given(*REPORTED, *twice).when(RETRACT, by=investigator).then(AttributionRetracted(reason=WHY))
    assert (state.status, state.attribution) == (OPEN, None)


def test_it_is_referred_once_to_each_authority() -> None:
    state = given(*REPORTED, finding()).when(REFER, by=investigator).then(referral.event)
    assert state.referred_to == (THIRD,)
    given(*REPORTED, finding(), referral).when(REFER, by=investigator).refused(
        TransitionRefused,
        "It has already been referred to third.",
        status="ATTRIBUTED",
        available=("CORRECT", "RECORD_EVIDENCE", "ATTRIBUTE", "RETRACT", "REFER", "CHANGE_MARKING"),
    )
    given(*REPORTED, finding(), referral).when(replace(REFER, authority=PRISTINA), by=investigator).then(
        IncidentReferred(authority=PRISTINA, reason=WHY)
    )


def test_it_is_referred_to_an_authority_that_is_registered() -> None:
    given(*REPORTED, finding()).when(replace(REFER, authority=AuthorityCode("nobody")), by=investigator).refused(
        InvalidInput, "No authority 'nobody' is registered.", at=("authority",)
    )


def test_what_is_red_is_not_referred() -> None:
    past = (*REGISTERED, mandate(), incident(by=investigator, marking=Marking.RED), finding())
    register = given(*past).register
    assert register.available(investigator, CANAL) == (
        "CORRECT",
        "RECORD_EVIDENCE",
        "ATTRIBUTE",
        "RETRACT",
        "CHANGE_MARKING",
    )
    given(*past).when(REFER, by=investigator).refused(TransitionRefused, "this one is marked RED")


@dataclass(frozen=True)
class Row:
    command: object
    states: set[AttributionStatus]
    who: set[tuple[Role, AuthorityCode]]


CONTRIBUTOR = set(product((Role.REQUESTER, Role.REVIEWER, Role.INVESTIGATOR), (KFOR, PRISTINA, THIRD)))
INVESTIGATOR = {(Role.INVESTIGATOR, KFOR)}
TABLE = {
    "RECORD_EVIDENCE": Row(RECORD, {OPEN, ATTRIBUTED, INCONCLUSIVE}, CONTRIBUTOR),
    "ATTRIBUTE": Row(replace(ATTRIBUTE, changed_because=WHY), {OPEN, ATTRIBUTED, INCONCLUSIVE}, INVESTIGATOR),
    "RETRACT": Row(RETRACT, {ATTRIBUTED, INCONCLUSIVE}, INVESTIGATOR),
    "REFER": Row(replace(REFER, deployment_request=RequestId(REQUEST)), {OPEN, ATTRIBUTED, INCONCLUSIVE}, INVESTIGATOR),
    "CHANGE_MARKING": Row(RAISE, {OPEN, ATTRIBUTED, INCONCLUSIVE}, INVESTIGATOR),
}
LOWER = c.ChangeIncidentMarking(marking=Marking.CLEAR, reason=WHY)
PROPOSERS = {(Role.REQUESTER, PRISTINA), (Role.REVIEWER, PRISTINA), (Role.INVESTIGATOR, PRISTINA)}
"""Those who propose to lower the marking instead of raising it. An approver can only accept a proposal."""
SINCE = {OPEN: (), ATTRIBUTED: (finding(),), INCONCLUSIVE: (finding(party=None),)}


def in_status(status: AttributionStatus) -> MemoryRegister:
    seen_by_all = incident(marking=Marking.GREEN)
    held = (submission(marking=Marking.GREEN), begun, withheld())
    return given(*REGISTERED, mandate(), seen_by_all, *held, *SINCE[status]).register


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("status", AttributionStatus)
def test_every_cell_of_an_incidents_lifecycle(status: AttributionStatus, action: str) -> None:
    for role, side in product(Role, (KFOR, PRISTINA, THIRD)):
        row = TABLE[action]
        if action == "CHANGE_MARKING" and (role, side) in PROPOSERS:
            row = Row(LOWER, row.states, PROPOSERS)
        if action == "CHANGE_MARKING" and (role, side) == (Role.APPROVER, KFOR):
            continue
        actor, register = person("somebody", side, role), in_status(status)
        can = (role, side) in row.who and status in row.states
        offered, outlook = register.available(actor, CANAL), register.explain(actor, CANAL)
        assert (action in offered) is can
        assert (action in outlook) is (status in row.states)
        if action in outlook:
            assert (outlook[action].available, outlook[action].possible) == (can, True)
        answer = register.command(row.command, actor, on=CANAL)
        if (role, side) not in row.who:
            assert isinstance(answer, NotPermitted), answer
        elif not can:
            assert isinstance(answer, TransitionRefused), answer
            assert (answer.status, answer.available) == (status, offered)
            assert "it would have to be attributed" in answer.message
        else:
            assert isinstance(answer, tuple), answer
            assert register.states[CANAL].status in (step_of(STEPS, type(row.command)).leads_to or (status,))


def test_who_investigates_is_judged_by_the_mandate_now() -> None:
    theirs = person("x", THIRD, Role.INVESTIGATOR)
    moved = (*REPORTED, mandate(PLACE, of=THIRD))
    given(*moved).when(ATTRIBUTE, by=theirs).then(finding().event)
    given(*moved).when(ATTRIBUTE, by=investigator).refused(
        NotPermitted, "This takes an investigator of third, whose mandate covers xk/north/zubin-potok."
    )
    outlook = given(*moved).register.explain(theirs, CANAL)["ATTRIBUTE"]
    assert (outlook.possible, outlook.available) == (True, True)


def test_no_investigation_without_a_mandate_over_the_region() -> None:
    ended = Past(event=MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW), by=admin)
    register = given(*REPORTED, ended).register
    given(*REPORTED, ended).when(ATTRIBUTE, by=investigator).refused(
        NotPermitted, "none covers it: an administrator can grant one."
    )
    assert not register.explain(investigator, CANAL)["ATTRIBUTE"].possible


@pytest.mark.parametrize("command", [RECORD, ATTRIBUTE, RETRACT, REFER])
def test_what_one_may_not_see_is_not_found(command: object) -> None:
    given(*REPORTED, finding()).when(command, by=stranger).refused(NotFound)
    given(*REPORTED, finding()).when(command, by=investigator, on=NOWHERE).refused(NotFound)
    referred = given(*REPORTED, finding(), referral).when(command, by=stranger)
    assert not isinstance(referred.answer, NotFound)


def test_an_auditor_sees_and_does_nothing() -> None:
    register = given(*REPORTED).register
    assert register.available(auditor, CANAL) == ()
    assert isinstance(register.judge(RECORD, auditor), NotPermitted)


def test_every_finding_stays_on_the_record() -> None:
    past = (finding(), retraction(), finding(party=None))
    found = given(*REPORTED, evidence(), *past).register.states[CANAL].findings
    assert [(each.version, each.finding is None) for each in found] == [(3, False), (4, True), (5, False)]
    event: IncidentAttributed = past[0].event
    assert found[0].finding.basis == event.basis


def test_a_finding_keeps_the_evidence_that_it_rests_on() -> None:
    named = replace(ATTRIBUTE, evidence=(EVIDENCE,))
    register = given(*REPORTED, evidence()).register
    register.command(named, investigator)
    assert register.states[CANAL].attribution.evidence == (EVIDENCE,)


def test_each_authority_that_it_is_referred_to_is_kept() -> None:
    to_pristina = Past(event=IncidentReferred(authority=PRISTINA, reason=WHY), by=investigator)
    assert given(*REPORTED, finding(), referral, to_pristina).register.states[CANAL].referred_to == (THIRD, PRISTINA)


def test_the_verdicts_on_an_incident_rest_on_events() -> None:
    register = given(*REPORTED, finding()).register
    verdicts = {
        verdict.rule: verdict for outlook in register.explain(requester, CANAL).values() for verdict in outlook.verdicts
    }
    rests = {rule: [type(register.log[p - 1].event).__name__ for p in each.rests_on] for rule, each in verdicts.items()}
    assert rests["INVESTIGATOR"] == ["MandateGranted"]
    assert rests["MARKING"] == ["IncidentReported"]
    assert verdicts["REGISTERED"].description == "pristina is registered."
