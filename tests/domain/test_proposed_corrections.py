"""Others propose to correct an incident; its owner accepts or discards what they propose."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import visibility
from domain.incident.correction import CorrectIncident
from domain.incident.events import CorrectionDiscarded, CorrectionProposed, IncidentCorrected, Particulars
from domain.incident.proposed_correction import OPEN, ProposeCorrection, SettleCorrection
from domain.incident.state import CorrectionState
from domain.limits import ITEMS
from domain.refusals import InvalidInput, NotFound, NotPermitted, TransitionRefused
from domain.region import RegionName, RegionRegistered
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AuthorityCode,
    CorrectionId,
    Label,
    Language,
    Latitude,
    Location,
    Longitude,
    Marking,
    Region,
    Role,
    Subject,
    Text,
    derived_id,
)
from tests.domain.case import (
    CANAL,
    CORRECTION,
    KFOR,
    NOWHERE,
    PLACE,
    PRISTINA,
    REGISTERED,
    REPORTED,
    THIRD,
    WHY,
    admin,
    approver,
    auditor,
    colleague,
    incident,
    investigator,
    mandate,
    person,
    requester,
    reviewer,
)
from tests.specification import NOW, Past, given

ELSEWHERE = Region("xk/north/leposavic")
COAST = Region("at/coast")
BRIDGE = Location(latitude=Latitude(42.9), longitude=Longitude(20.7), description=Text("At the bridge."))
THERE = Particulars(region=ELSEWHERE)
HERE = Particulars(region=PLACE)
MOVE = ProposeCorrection(region=ELSEWHERE, reason=WHY)
ACCEPT = SettleCorrection(correction=CORRECTION, accept=True, reason=WHY)
DISCARD = SettleCorrection(correction=CORRECTION, accept=False, reason=WHY)
FIRST = CorrectionId(derived_id("correction", str(CANAL), "2"))
VALUES: dict[str, Any] = {
    "kind": Label("sabotage"),
    "description": Text("A water canal and a bridge are damaged."),
    "region": ELSEWHERE,
    "location": BRIDGE,
    "occurred_at": datetime(2024, 11, 29, 18, 30, tzinfo=UTC),
}


def proposed(values: Particulars = THERE, before: Particulars = HERE, correction: CorrectionId = CORRECTION) -> Past:
    event = CorrectionProposed(correction=correction, values=values, before=before, reason=WHY)
    return Past(event=event, by=reviewer, on=CANAL)


PROPOSED = (*REPORTED, proposed())


@pytest.mark.parametrize("by", [colleague, reviewer, replace(requester, issuer="another")])
def test_others_propose_and_nothing_changes(by: Actor) -> None:
    register = given(*REPORTED).register
    before = register.states[CANAL]
    said = {name: getattr(before, name) for name in VALUES}
    event = CorrectionProposed(correction=FIRST, values=Particulars(**VALUES), before=Particulars(**said), reason=WHY)
    assert register.command(ProposeCorrection(**VALUES, reason=WHY), by, CANAL) == (event,)
    state = register.states[CANAL]
    assert {name: getattr(state, name) for name in VALUES} == said
    assert (state.audience, state.covered_by, state.corrected) == (before.audience, before.covered_by, 0)
    [correction] = state.corrections
    assert (correction.id, correction.state, correction.proposed_by) == (FIRST, CorrectionState.PROPOSED, by)
    assert (correction.values, correction.before, correction.reason) == (event.values, event.before, WHY)


@pytest.mark.parametrize("by", [requester, investigator], ids=["its author", "an investigator"])
def test_who_can_correct_it_proposes_nothing(by: Actor) -> None:
    given(*REPORTED).when(MOVE, by=by).refused(NotPermitted, "You can correct it yourself: use correctIncident.")
    assert "PROPOSE_CORRECTION" not in given(*REPORTED).register.available(by, CANAL)


@pytest.mark.parametrize("by", [approver, auditor, SYSTEM, person("unknown", AuthorityCode("unknown"), Role.REVIEWER)])
def test_who_reports_nothing_proposes_nothing(by: Actor) -> None:
    clear = (*REGISTERED, mandate(), incident(marking=Marking.CLEAR))
    assert isinstance(given(*clear).when(MOVE, by=by).answer, NotPermitted)


def test_who_does_not_see_it_proposes_nothing() -> None:
    red = (*REGISTERED, mandate(), incident(marking=Marking.RED, recipients=(Subject("investigator"),)))
    given(*red).when(MOVE, by=colleague).refused(NotFound)


def test_a_proposal_widens_no_audience() -> None:
    """CVE-2026-112178 was one of proposals with visibility of their own."""
    register = given(*REPORTED, mandate(COAST, of=THIRD), proposed(Particulars(region=COAST))).register
    state = register.states[CANAL]
    assert visibility.region(COAST) not in state.audience
    assert visibility.authority(THIRD) not in state.audience
    register.command(ACCEPT, requester, CANAL)
    assert visibility.authority(THIRD) in register.states[CANAL].audience


@pytest.mark.parametrize("by", [requester, investigator], ids=["its author", "an investigator"])
def test_the_owner_accepts(by: Actor) -> None:
    event = IncidentCorrected(region=ELSEWHERE, covered_by=(KFOR,), reason=WHY, correction=CORRECTION)
    state = given(*PROPOSED).when(ACCEPT, by=by).then(event)
    assert (state.region, state.former_regions, state.corrected) == (ELSEWHERE, (PLACE,), 1)
    [correction] = state.corrections
    assert (correction.state, correction.settled_by, correction.settled_at) == (CorrectionState.ACCEPTED, by, NOW)
    assert correction.settled_reason == WHY


def test_what_is_accepted_follows_from_its_proposal() -> None:
    register = given(*PROPOSED).register
    register.all_at_hand = True
    assert register.attempt(ACCEPT, requester, CANAL, NOW).cause == register.log[-1].position
    assert register.attempt(CorrectIncident(region=ELSEWHERE, reason=WHY), requester, CANAL, NOW).cause is None


@pytest.mark.parametrize("by", [requester, investigator], ids=["its author", "an investigator"])
def test_the_owner_discards(by: Actor) -> None:
    state = given(*PROPOSED).when(DISCARD, by=by).then(CorrectionDiscarded(correction=CORRECTION, reason=WHY))
    assert (state.region, state.corrected) == (PLACE, 0)
    [correction] = state.corrections
    assert (correction.state, correction.settled_by, correction.settled_reason) == (
        CorrectionState.DISCARDED,
        by,
        WHY,
    )


@pytest.mark.parametrize("by", [colleague, reviewer, auditor, person("third", THIRD, Role.INVESTIGATOR), SYSTEM])
@pytest.mark.parametrize("command", [ACCEPT, DISCARD])
def test_others_settle_nothing(command: SettleCorrection, by: Actor) -> None:
    green = (*REGISTERED, mandate(), incident(marking=Marking.GREEN), proposed())
    given(*green).when(command, by=by).refused(NotPermitted, "the person who reported it, or an investigator of kfor")


@pytest.mark.parametrize("name", VALUES)
def test_what_has_changed_since_is_not_accepted(name: str) -> None:
    before = given(*REPORTED).register.states[CANAL]
    values, was = Particulars(**{name: VALUES[name]}), Particulars(**{name: getattr(before, name)})
    other: dict[str, Any] = {
        "kind": Label("fire"),
        "description": Text("Another."),
        "region": Region("xk/south"),
        "location": replace(BRIDGE, latitude=Latitude(1.0)),
        "occurred_at": datetime(2024, 11, 28, tzinfo=UTC),
    }
    since = Past(event=IncidentCorrected(**{name: other[name]}, reason=WHY), by=requester, on=CANAL)
    spelled = "occurredAt" if name == "occurred_at" else name
    given(*REPORTED, proposed(values, was), since).when(ACCEPT, by=investigator).refused(
        TransitionRefused, f"Changed since this was proposed: {spelled}. Discard the proposal;", "correctIncident"
    )
    assert isinstance(given(*REPORTED, proposed(values, was), since).when(DISCARD, by=investigator).answer, tuple)
    unrelated = Particulars(kind=VALUES["kind"]) if name != "kind" else THERE
    present = Particulars(kind=before.kind) if name != "kind" else HERE
    assert isinstance(given(*REPORTED, proposed(unrelated, present), since).when(ACCEPT, by=investigator).answer, tuple)


@pytest.mark.parametrize("accept", [True, False])
def test_what_is_not_open_is_not_settled(accept: bool) -> None:
    unknown = SettleCorrection(correction=CorrectionId(NOWHERE), accept=accept, reason=WHY)
    given(*PROPOSED).when(unknown, by=requester).refused(InvalidInput, "no such proposed", at=("correction",))
    given(*REPORTED).when(unknown, by=requester).refused(TransitionRefused, "No correction of it is proposed.")
    other = proposed(correction=CorrectionId(derived_id("other")))
    discarded = Past(event=CorrectionDiscarded(correction=CORRECTION, reason=WHY), by=requester, on=CANAL)
    given(*PROPOSED, other, discarded).when(replace(ACCEPT, accept=accept), by=requester).refused(
        InvalidInput, "It is discarded already: another can be proposed.", at=("correction",)
    )


def test_the_same_is_proposed_once_until_it_is_settled() -> None:
    given(*PROPOSED).when(MOVE, by=colleague).refused(InvalidInput, "proposed already", at=("region",))
    discarded = Past(event=CorrectionDiscarded(correction=CORRECTION, reason=WHY), by=requester, on=CANAL)
    assert isinstance(given(*PROPOSED, discarded).when(MOVE, by=colleague).answer, tuple)


def test_a_proposal_is_checked_like_a_correction() -> None:
    def refused(*said: str, at: str, history: tuple[Past, ...] = REPORTED, **values: Any) -> None:
        given(*history).when(ProposeCorrection(**values, reason=WHY), by=colleague).refused(
            InvalidInput, *said, at=(at,)
        )

    refused("Name at least one of", at="kind")
    refused("recorded so already", at="region", region=PLACE)
    refused("in the future", at="occurredAt", occurred_at=NOW + timedelta(minutes=6))
    names = (RegionName(language=Language("en"), name=Label("Kosovo")),)
    known = Past(event=RegionRegistered(authority=KFOR, path=Region("xk"), names=names), by=admin)
    refused("No region 'at'", at="region", history=(*REPORTED, known), region=COAST)


def test_what_could_not_be_corrected_is_not_accepted() -> None:
    own = person("own", KFOR, Role.INVESTIGATOR)
    red = incident(by=own, marking=Marking.RED)
    history = (*REGISTERED, mandate(), mandate(COAST, of=THIRD), red, proposed(Particulars(region=COAST)))
    given(*history).when(ACCEPT, by=own).refused(
        InvalidInput, "an investigator of third as recipient", at=("correction",)
    )
    assert isinstance(given(*history).when(DISCARD, by=own).answer, tuple)


def test_twenty_are_open_at_most() -> None:
    each = [proposed(correction=CorrectionId(derived_id("correction", str(n)))) for n in range(OPEN)]
    other = ProposeCorrection(kind=Label("fire"), reason=WHY)
    assert "PROPOSE_CORRECTION" in given(*REPORTED, *each[1:]).register.available(colleague, CANAL)
    register = given(*REPORTED, *each).register
    assert "PROPOSE_CORRECTION" not in register.available(colleague, CANAL)
    given(*REPORTED, *each).when(other, by=colleague).refused(TransitionRefused, "20, the maximum")
    register.command(replace(DISCARD, correction=each[0].event.correction), requester, CANAL)
    assert "PROPOSE_CORRECTION" in register.available(colleague, CANAL)


def test_an_accepted_correction_is_one_of_a_thousand() -> None:
    corrected = Past(event=IncidentCorrected(kind=Label("fire"), reason=WHY), by=requester, on=CANAL)
    full = (*REPORTED, *[corrected] * ITEMS, proposed())
    given(*full).when(ACCEPT, by=requester).refused(TransitionRefused, "It has 1,000 corrections, the maximum")
    assert isinstance(given(*full).when(DISCARD, by=requester).answer, tuple)


def test_it_is_available_while_one_is_proposed() -> None:
    assert "SETTLE_CORRECTION" not in given(*REPORTED).register.available(requester, CANAL)
    register = given(*PROPOSED).register
    assert {"SETTLE_CORRECTION"} == set(register.available(requester, CANAL)) - set(
        given(*REPORTED).register.available(requester, CANAL)
    )
    outlook = register.explain(person("x", PRISTINA, Role.REQUESTER), CANAL)["SETTLE_CORRECTION"]
    assert (outlook.possible, outlook.available) == (True, False)
