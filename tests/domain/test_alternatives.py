"""A finding lists the alternatives that were weighed, says what changed, and another investigator may dissent."""

from dataclasses import replace

import pytest

from domain.incident.commands import AttributeIncident, DissentFromFinding
from domain.incident.events import Alternative, FindingDissented
from domain.incident.state import AttributionStatus
from domain.refusals import InvalidInput, NotPermitted, TransitionRefused
from domain.vocabulary import AnalyticConfidence, EvidenceId, Likelihood, Marking, Role, Text
from tests.domain.case import (
    CANAL,
    EVIDENCE,
    KFOR,
    NOWHERE,
    REPORTED,
    WHY,
    WITHHELD,
    evidence,
    finding,
    investigator,
    person,
    retraction,
    reviewer,
)
from tests.domain.following import reactions
from tests.specification import given

ATTRIBUTE = AttributeIncident(
    responsible_party=Text("EXERCISE: the Red party"),
    likelihood=Likelihood.LIKELY,
    confidence=AnalyticConfidence.MODERATE,
    basis=Text("EXERCISE: by comparison"),
)
BLUE = Alternative(
    responsible_party=Text("EXERCISE: the Blue party"),
    likelihood=Likelihood.ALMOST_CERTAIN,
    confidence=AnalyticConfidence.HIGH,
    basis=WHY,
)
DISSENT = DissentFromFinding(finding=BLUE, reason=WHY)
second_investigator = person("second-investigator", KFOR, Role.INVESTIGATOR)


def test_alternatives_are_recorded_with_the_finding() -> None:
    weighed = (replace(BLUE, evidence=(EVIDENCE,)), replace(BLUE, responsible_party=None))
    command = replace(ATTRIBUTE, alternatives=weighed)
    state = (
        given(*REPORTED, evidence()).when(command, by=investigator).then(replace(finding().event, alternatives=weighed))
    )
    assert state.attribution.alternatives == weighed


def test_an_alternative_rests_on_evidence_that_its_author_may_see() -> None:
    hidden = evidence(by=reviewer, marking=Marking.RED)
    for unknown, past in ((EvidenceId(NOWHERE), ()), (EVIDENCE, (hidden,))):
        weighed = (BLUE, replace(BLUE, evidence=(unknown,)))
        given(*REPORTED, *past).when(replace(ATTRIBUTE, alternatives=weighed), by=investigator).refused(
            InvalidInput, "no such evidence that you may see", at=("alternatives.1.evidence",)
        )
        dissent = replace(DISSENT, finding=weighed[1])
        given(*REPORTED, *past, finding()).when(dissent, by=second_investigator).refused(
            InvalidInput, "no such evidence that you may see", at=("finding.evidence",)
        )


def test_an_alternative_is_written_as_a_finding_is() -> None:
    blank = replace(ATTRIBUTE, alternatives=(replace(BLUE, basis=Text(" ")),))
    given(*REPORTED).when(blank, by=investigator).refused(InvalidInput, "blank", at=("alternatives.0.basis",))


def test_a_finding_that_replaces_one_says_what_changed_and_why() -> None:
    given(*REPORTED, finding()).when(ATTRIBUTE, by=investigator).refused(
        InvalidInput, "state what changed, and why", at=("changedBecause",)
    )
    told = replace(ATTRIBUTE, changed_because=WHY)
    state = given(*REPORTED, finding()).when(told, by=investigator).then(replace(finding().event, changed_because=WHY))
    assert state.attribution.changed_because == WHY


@pytest.mark.parametrize("changed_because", [None, WHY])
def test_where_no_finding_stands_that_may_be_left_out(changed_because: Text | None) -> None:
    command = replace(ATTRIBUTE, changed_because=changed_because)
    expected = replace(finding().event, changed_because=changed_because)
    given(*REPORTED, finding(), retraction()).when(command, by=investigator).then(expected)


def test_another_investigator_dissents_and_the_finding_stands() -> None:
    state = (
        given(*REPORTED, finding())
        .when(DISSENT, by=second_investigator)
        .then(FindingDissented(finding=BLUE, reason=WHY))
    )
    [dissent] = state.dissents
    assert (dissent.by, dissent.finding) == (second_investigator, BLUE)
    assert (state.status, state.attribution.responsible_party) == (
        AttributionStatus.ATTRIBUTED,
        finding().event.responsible_party,
    )


def test_nobody_dissents_from_their_own_finding() -> None:
    given(*REPORTED, finding()).when(DISSENT, by=investigator).refused(TransitionRefused, "replace or retract it")
    assert "DISSENT" in given(*REPORTED, finding()).register.available(second_investigator, CANAL)
    assert "DISSENT" not in given(*REPORTED, finding()).register.available(investigator, CANAL)


def test_a_dissent_takes_an_investigator_and_a_finding() -> None:
    given(*REPORTED, finding()).when(DISSENT, by=reviewer).refused(NotPermitted, "an investigator of kfor")
    given(*REPORTED).when(DISSENT, by=second_investigator).refused(TransitionRefused, "attributed or inconclusive")


def test_neither_an_alternative_nor_a_dissent_releases_a_hold() -> None:
    register = given(*WITHHELD).register
    weak = replace(ATTRIBUTE, likelihood=Likelihood.UNLIKELY, alternatives=(BLUE,))
    assert isinstance(register.command(weak, investigator, CANAL), tuple)
    assert isinstance(register.command(DISSENT, second_investigator, CANAL), tuple)
    assert reactions(register) == []
