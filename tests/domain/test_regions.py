"""The register of regions: who registers, and what is unknown to it."""

from dataclasses import replace
from datetime import datetime

import pytest

from domain import region
from domain.deployment_request.commands import SubmitRequest
from domain.folded_text import folded
from domain.incident.commands import ReportIncident
from domain.limits import ITEMS
from domain.refusals import InvalidInput, NotPermitted
from domain.region import NAMES, RegionName, RegionRegistered, RegisterRegion
from domain.vocabulary import SYSTEM, Label, Language, Period, Region, Role, Strength, Text
from tests.domain.case import DAY, KFOR, PLACE, REGISTERED, XK, admin, mandate, person, requester
from tests.specification import NOW, START, Past, given

NORTH = Region("xk/north")


def names(name: str, language: str = "en") -> tuple[RegionName, ...]:
    return (RegionName(language=Language(language), name=Label(name)),)


def registered(path: str, name: str = "A place", at: datetime | None = None) -> Past:
    event = RegionRegistered(authority=KFOR, path=Region(path), names=names(name))
    return Past(event=event, by=admin, at=at)


FOUNDED = (*REGISTERED, mandate())
XK_REGISTERED = registered("xk", "Kosovo")
REGISTER = RegisterRegion(path=NORTH, names=names("The North"))
ASKED = SubmitRequest(
    force=Label("EXERCISE force"),
    strength=Strength(60),
    region=PLACE,
    purpose=Text("EXERCISE: to guard the canal."),
    period=Period(start=NOW + DAY, end=NOW + 2 * DAY),
)
REPORT = ReportIncident(
    kind=Label("explosion"), description=Text("EXERCISE: a canal"), region=PLACE, occurred_at=NOW - DAY
)


def test_a_region_is_registered_after_the_one_around_it() -> None:
    said = "The region 'xk' is not registered: register it first."
    given(*REGISTERED).when(REGISTER, by=admin).refused(InvalidInput, said, at=("path",))
    event = RegionRegistered(authority=KFOR, path=NORTH, names=names("The North"))
    state = given(*REGISTERED, XK_REGISTERED).when(REGISTER, by=admin).then(event)
    assert [(part.path, part.registered_at) for part in state.parts] == [(NORTH, NOW)]


def test_other_names_replace_those_of_a_region_and_the_same_names_are_refused() -> None:
    again = given(*REGISTERED, XK_REGISTERED).when(RegisterRegion(path=XK, names=names("Kosovo")), by=admin)
    again.refused(InvalidInput, "The region 'xk' is registered already, with these names.", at=("path",))
    renamed = RegisterRegion(path=XK, names=names("Kosova", "sq"))
    state = (
        given(*REGISTERED, XK_REGISTERED)
        .when(renamed, by=admin)
        .then(RegionRegistered(authority=KFOR, path=XK, names=names("Kosova", "sq")))
    )
    (part,) = state.parts
    assert (part.names, part.registered_at < NOW) == (names("Kosova", "sq"), True)


def test_administrators_of_a_registered_authority_and_the_operator_register() -> None:
    for role in set(Role) - {Role.ADMINISTRATOR}:
        refused = given(*REGISTERED, XK_REGISTERED).when(REGISTER, by=person("x", KFOR, role))
        refused.refused(NotPermitted, "This takes an administrator.")
    given(XK_REGISTERED).when(REGISTER, by=admin).refused(NotPermitted, "kfor, is not registered")
    event = RegionRegistered(authority=SYSTEM.authority, path=NORTH, names=REGISTER.names)
    given(XK_REGISTERED).when(REGISTER, by=SYSTEM).then(event)


@pytest.mark.parametrize(
    ("named", "at"),
    [
        ((), "names"),
        (names("A") + names("B"), "names.1.language"),
        (names("A", "EN"), "names.0.language"),
        (names("A", "sr_Cyrl"), "names.0.language"),
        (names(" "), "names.0.name"),
        (tuple(names("A", f"a{letter}")[0] for letter in "abcdefghijklmnopqrstuvwxyz"[: NAMES + 1]), "names"),
    ],
)
def test_a_region_has_one_name_a_language(named: tuple[RegionName, ...], at: str) -> None:
    given(*REGISTERED, XK_REGISTERED).when(replace(REGISTER, names=named), by=admin).refused(InvalidInput, at=(at,))


@pytest.mark.parametrize("language", ["sq", "sr-Cyrl", "sr-Latn-RS", "gsw", "de-AT"])
def test_a_language_may_have_a_script_and_a_country(language: str) -> None:
    command = replace(REGISTER, names=names("The North", language))
    assert isinstance(given(*REGISTERED, XK_REGISTERED).when(command, by=admin).answer, tuple)


def test_a_region_has_a_limited_number_of_parts_that_can_still_be_renamed() -> None:
    register = given(*REGISTERED, XK_REGISTERED, *(registered(f"xk/n{number}") for number in range(ITEMS))).register
    refusal = register.command(REGISTER, admin)
    assert isinstance(refusal, InvalidInput)
    assert "'xk' has 1,000 registered parts, the maximum" in refusal.message
    assert isinstance(register.command(replace(REGISTER, path=Region("xk/n7")), admin), tuple)
    roots = given(*REGISTERED, *(registered(f"n{number}") for number in range(ITEMS))).register
    refusal = roots.command(replace(REGISTER, path=XK), admin)
    assert isinstance(refusal, InvalidInput)
    assert "The register has 1,000 registered parts" in refusal.message


@pytest.mark.parametrize("command", [ASKED, REPORT], ids=["request", "incident"])
@pytest.mark.parametrize(
    "known",
    [
        (),
        (XK_REGISTERED,),
        (XK_REGISTERED, registered("xk/north")),
        (XK_REGISTERED, registered("xk/north"), registered("xk/north/zubin-potok")),
    ],
    ids=["nothing", "the largest", "the one around it", "itself"],
)
def test_where_no_parts_are_registered_every_region_is_accepted(
    command: SubmitRequest | ReportIncident, known: tuple[Past, ...]
) -> None:
    assert isinstance(given(*FOUNDED, *known).when(command, by=requester).answer, tuple)


@pytest.mark.parametrize("command", [ASKED, REPORT], ids=["request", "incident"])
@pytest.mark.parametrize(
    ("known", "said"),
    [
        ((registered("al", "Shqipëria"),), "No region 'xk' is registered. The closest is 'al' (Shqipëria)."),
        (
            (XK_REGISTERED, registered("xk/nord", "Sever")),
            "No region 'xk/north' is registered. The closest is 'xk/nord'",
        ),
        ((XK_REGISTERED, registered("xk/2", "Северни"), registered("xk/3", "North")), "The closest is 'xk/3' (North)."),
        (
            (
                XK_REGISTERED,
                *(registered(f"xk/{name}") for name in ("east", "norths", "northern", "north-east", "west")),
            ),
            "The closest are 'xk/norths' (A place), 'xk/northern' (A place) and 'xk/north-east' (A place).",
        ),
        (
            (XK_REGISTERED, *(registered(f"xk/{name}", "Z") for name in ("b", "a", "c", "d"))),
            "The closest are 'xk/b' (Z), 'xk/a' (Z) and 'xk/c' (Z).",
        ),
    ],
)
def test_elsewhere_an_unknown_region_is_refused_with_the_closest(
    command: SubmitRequest | ReportIncident, known: tuple[Past, ...], said: str
) -> None:
    given(*FOUNDED, *known).when(command, by=requester).refused(InvalidInput, said, at=("region",))


def test_the_closest_is_found_by_its_name_in_another_script() -> None:
    known = (XK_REGISTERED, registered("xk/7", "Зубин Поток"))
    command = replace(REPORT, region=Region("xk/zubin-potok"))
    given(*FOUNDED, *known).when(command, by=requester).refused(InvalidInput, "'xk/7' (Зубин Поток)")


def test_what_happened_before_a_region_was_registered_is_judged_without_it() -> None:
    """As an import judges a line: at its own time."""
    registered_then = registered("al", at=START + DAY)
    register = given(*FOUNDED, registered_then).register
    early = replace(REPORT, occurred_at=START)
    assert isinstance(register.judge(early, requester, now=START + DAY / 2), tuple)
    assert isinstance(register.judge(early, requester, now=START + DAY), InvalidInput)


def test_a_region_is_registered_in_the_stream_of_its_parent() -> None:
    assert region.stream_of(NORTH) == region.stream_of(Region("xk/south")) != region.stream_of(XK)
    assert (region.parent_of(NORTH), region.parent_of(XK)) == (XK, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Žandarmerija", "zandarmerija"),
        ("Жандармерија", "zandarmerija"),
        ("ЖАНДАРМЕРИЈА", "zandarmerija"),
        ("Đakovica", "dakovica"),
        ("Ђаковица", "dakovica"),
        ("Gjakovë", "gjakove"),
        ("Њ Љ Џ", "nj lj dz"),
        ("Dž", "dz"),
        ("Ѓорче Ќ \u0405 Ѐ", "gjorce kj dz e"),
        ("Łódź", "lodz"),
        ("Z\u030c", "z"),
        ("Straße", "strasse"),
        ("ﬁn\u00a0 x", "fin x"),
    ],
)
def test_text_is_folded(text: str, expected: str) -> None:
    assert folded(text) == folded(folded(text)) == expected
