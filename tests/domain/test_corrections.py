"""What an incident was reported to be is corrected; the old value stays on record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import visibility
from domain.incident.correction import CorrectIncident
from domain.incident.events import IncidentCorrected
from domain.refusals import InvalidInput, NotPermitted
from domain.region import RegionName, RegionRegistered
from domain.vocabulary import (
    SYSTEM,
    Actor,
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
)
from projections.rows.changes import changes
from projections.rows.value_changes import Change
from tests.domain.case import (
    CANAL,
    KFOR,
    PLACE,
    REGISTERED,
    REPORTED,
    THIRD,
    WHY,
    admin,
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
MOVE = CorrectIncident(region=ELSEWHERE, reason=WHY)
EVERYTHING = CorrectIncident(
    kind=Label("sabotage"),
    description=Text("A water canal and a bridge are damaged."),
    region=ELSEWHERE,
    location=BRIDGE,
    occurred_at=datetime(2024, 11, 29, 18, 30, tzinfo=UTC),
    reason=WHY,
)
third_investigator = person("third-investigator", THIRD, Role.INVESTIGATOR)


def corrected(**fields: Any) -> Past:
    return Past(event=IncidentCorrected(reason=WHY, **fields), by=requester, on=CANAL)


@pytest.mark.parametrize("by", [requester, investigator], ids=["its author", "an investigator"])
def test_everything_is_corrected_at_once(by: Actor) -> None:
    given_ = {name: getattr(EVERYTHING, name) for name in ("kind", "description", "region", "location", "occurred_at")}
    state = given(*REPORTED).when(EVERYTHING, by=by).then(IncidentCorrected(**given_, covered_by=(KFOR,), reason=WHY))
    assert {name: getattr(state, name) for name in given_} == given_
    assert (state.reference, state.reported_at, state.version) == ("pristina-i-2024-0001", state.reported_at, 2)


def test_what_is_left_out_stays_and_the_value_before_is_told() -> None:
    register = given(*REPORTED).register
    before = register.states[CANAL]
    register.command(MOVE, requester, CANAL)
    after = register.states[CANAL]
    assert changes(before, after) == (Change("region", PLACE, ELSEWHERE),)
    assert after.former_regions == (PLACE,)


@pytest.mark.parametrize(
    "by",
    [
        colleague,
        reviewer,
        auditor,
        third_investigator,
        SYSTEM,
        replace(requester, authority=KFOR),
        replace(requester, issuer="another"),
    ],
)
def test_others_correct_nothing(by: Actor) -> None:
    green = (*REGISTERED, mandate(), mandate(COAST, of=THIRD), incident(marking=Marking.GREEN))
    given(*green).when(MOVE, by=by).refused(
        NotPermitted, "the person who reported it, or an investigator of kfor, whose mandate covers " + PLACE
    )


def test_without_a_mandate_only_the_author_corrects() -> None:
    uncovered = (*REGISTERED, incident(marking=Marking.GREEN))
    given(*uncovered).when(MOVE, by=investigator).refused(NotPermitted, "an investigator of an authority whose mandate")
    assert isinstance(given(*uncovered).when(MOVE, by=requester).answer, tuple)


def test_a_correction_names_something() -> None:
    given(*REPORTED).when(CorrectIncident(reason=WHY), by=requester).refused(
        InvalidInput, "Name at least one of kind, description, region, location and occurredAt", at=("kind",)
    )


def test_present_values_are_not_repeated() -> None:
    event = incident(location=BRIDGE).event
    names = ("kind", "description", "region", "location", "occurred_at")
    repeated = CorrectIncident(**{name: getattr(event, name) for name in names}, reason=WHY)
    given(*REGISTERED, mandate(), incident(location=BRIDGE)).when(repeated, by=requester).refused(
        InvalidInput, "recorded so already", at=("kind", "description", "region", "location", "occurredAt")
    )


@pytest.mark.parametrize(
    ("occurred_at", "said"),
    [(NOW + timedelta(minutes=6), "in the future"), (datetime(1899, 12, 31, tzinfo=UTC), "1 January 1900")],
)
def test_a_corrected_time_is_one_that_could_be_reported(occurred_at: datetime, said: str) -> None:
    command = CorrectIncident(occurred_at=occurred_at, reason=WHY)
    given(*REPORTED).when(command, by=requester).refused(InvalidInput, said, at=("occurredAt",))


def test_a_corrected_region_is_registered_where_regions_are() -> None:
    names = (RegionName(language=Language("en"), name=Label("Kosovo")),)
    known = Past(event=RegionRegistered(authority=KFOR, path=Region("xk"), names=names), by=admin)
    wrong = CorrectIncident(region=COAST, reason=WHY)
    given(*REPORTED, known).when(wrong, by=requester).refused(InvalidInput, "No region 'at'", at=("region",))
    assert isinstance(given(*REPORTED, known).when(MOVE, by=requester).answer, tuple)


def test_whoever_covers_the_new_place_investigates_and_nobody_loses_sight() -> None:
    nearer = mandate(PLACE, of=THIRD)
    register = given(*REPORTED, nearer, mandate(COAST, of=THIRD)).register
    assert "CORRECT" in register.available(third_investigator, CANAL)
    register.command(CorrectIncident(region=COAST, reason=WHY), requester, CANAL)
    state = register.states[CANAL]
    assert state.covered_by == (KFOR, THIRD)
    assert visibility.authority(KFOR) in state.audience
    assert visibility.region(COAST) in state.audience
    assert visibility.region(PLACE) not in state.audience
    assert "ATTRIBUTE" in register.available(third_investigator, CANAL)
    assert "ATTRIBUTE" not in register.available(investigator, CANAL)


def test_red_needs_a_recipient_who_can_investigate_at_the_new_place() -> None:
    own = person("own", KFOR, Role.INVESTIGATOR)
    red = (*REGISTERED, mandate(), mandate(COAST, of=THIRD), incident(by=own, marking=Marking.RED))
    moved = CorrectIncident(region=COAST, reason=WHY)
    given(*red).when(moved, by=own).refused(InvalidInput, "an investigator of third as recipient", at=("region",))
    named = incident(by=own, marking=Marking.RED, recipients=(Subject("third-investigator"),))
    assert isinstance(given(*red[:-1], named).when(moved, by=own).answer, tuple)


def test_a_region_that_it_returned_to_is_named_once() -> None:
    there, back = corrected(region=ELSEWHERE), corrected(region=PLACE)
    state = given(*REPORTED, there, back, there).register.states[CANAL]
    assert (state.former_regions, state.region, state.corrected) == ((PLACE, ELSEWHERE), ELSEWHERE, 3)
