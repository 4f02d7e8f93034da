"""Authorities are registered, mandates granted and ended: one a region at a time, and the nearest decides."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from domain import authority, jurisdiction
from domain.authority import AuthorityRegistered, RegisterAuthority
from domain.decider import Context, open_with
from domain.jurisdiction import EndMandate, GrantMandate, MandateEnded, MandateGranted
from domain.refusals import InvalidInput, NotPermitted
from domain.vocabulary import (
    SYSTEM,
    Actor,
    AuthorityCode,
    Days,
    Label,
    Quorum,
    Region,
    Role,
    Subject,
    covers,
    regions_of,
)
from tests.domain.case import DAY, KFOR, PRISTINA, REGISTERED, THIRD, WHY, XK, admin, mandate, person
from tests.specification import NOW, MemoryRegister, Past, given

REGISTER = RegisterAuthority(code=KFOR, name=Label("Kfor"))
GRANT = GrantMandate(authority=KFOR, region=XK, legal_basis=Label("UNSCR 1244 (1999)"))
GRANTED: MandateGranted = mandate(valid_from=NOW).event
END = EndMandate(authority=KFOR, region=XK, reason=WHY)
NOBODY_ELSE = [SYSTEM, *(person("x", KFOR, role) for role in Role if role is not Role.ADMINISTRATOR)]


def ended(at: datetime, of: AuthorityCode = KFOR, over: Region = XK) -> Past:
    return Past(event=MandateEnded(authority=of, region=over, reason=WHY, at=at), by=admin)


OUTSIDER = person("outsider", AuthorityCode("elsewhere"), Role.ADMINISTRATOR)


def deciders(register: MemoryRegister, region: Region = XK, now: datetime = NOW) -> list[AuthorityCode]:
    """The holders of the mandates over a region, the nearest first."""
    over = register.ask(lambda context: jurisdiction.mandates_over(context, region), SYSTEM, SYSTEM_STREAM, now)
    return [each.authority for each in over]


SYSTEM_STREAM = jurisdiction.stream_of(XK)


def test_an_authority_is_registered_once() -> None:
    state = given().when(REGISTER, by=admin).then(AuthorityRegistered(code=KFOR, name=Label("Kfor")))
    assert (state.code, state.name, state.registered_at) == (KFOR, "Kfor", NOW)
    given(*REGISTERED).when(REGISTER, by=admin).refused(
        InvalidInput, "The authority 'kfor' is registered already.", at=("code",)
    )


@pytest.mark.parametrize("code", ["register", "pristina-i", "x-1-i"])
def test_some_codes_are_not_free(code: str) -> None:
    given(*REGISTERED).when(replace(REGISTER, code=AuthorityCode(code)), by=admin).refused(InvalidInput, at=("code",))


@pytest.mark.parametrize("command", [replace(REGISTER, code=THIRD), GRANT, END])
def test_an_administrator_of_an_unregistered_authority_does_not_administer(command: object) -> None:
    said = "Your authority, elsewhere, is not registered: register it first. Then you can administer."
    given(*REGISTERED[:2], mandate()).when(command, by=OUTSIDER).refused(NotPermitted, said)


def test_the_first_administrator_registers_their_own_authority_and_then_administers() -> None:
    register = given().register
    own = RegisterAuthority(code=OUTSIDER.authority, name=Label("Elsewhere"))
    for command in (own, REGISTER, GRANT):
        assert isinstance(register.command(command, OUTSIDER), tuple)


def test_two_administrators_found_a_decider_where_the_register_is_set_so() -> None:
    register = given(*REGISTERED).register
    grant = next(opening for opening in jurisdiction.OPENINGS if opening.command is GrantMandate)

    def granted(by: Actor) -> Any:
        def decided(context: Context) -> Any:
            return open_with(grant, GRANT, None, replace(context, two_administrators=True))

        return register.ask(decided, by, SYSTEM_STREAM)

    refusal = granted(admin)
    assert isinstance(refusal, InvalidInput)
    assert refusal.fields[0].path == "authority"
    assert "You registered 'kfor': another administrator has to grant its mandates." in refusal.message
    assert isinstance(granted(replace(admin, authority=THIRD)), InvalidInput), "the same person for another authority"
    assert granted(replace(admin, subject=Subject("another"))) == (GRANTED,)


@pytest.mark.parametrize("command", [REGISTER, GRANT, END])
def test_only_an_administrator_registers_and_grants(command: object) -> None:
    for actor in NOBODY_ELSE:
        given(*REGISTERED, mandate()).when(command, by=actor).refused(NotPermitted, "This takes an administrator.")


def test_a_mandate_begins_now_where_nothing_else_is_said() -> None:
    state = given(*REGISTERED).when(GRANT, by=admin).then(GRANTED)
    (held,) = state.mandates
    assert (held.granted_at, held.endorsements_required, state.region) == (5, 1, XK)
    assert state.mandate(NOW) == held
    assert state.mandate(NOW - DAY) is None


def test_or_for_the_time_that_is_said() -> None:
    command = replace(GRANT, endorsements_required=Quorum(10), valid_from=NOW + DAY, valid_until=NOW + 2 * DAY)
    state = (
        given(*REGISTERED)
        .when(command, by=admin)
        .then(replace(GRANTED, endorsements_required=Quorum(10), valid_from=NOW + DAY, valid_until=NOW + 2 * DAY))
    )
    valid = [state.mandate(NOW + hours * timedelta(hours=12)) is not None for hours in range(6)]
    assert valid == [False, False, True, True, False, False]


def test_it_may_say_within_how_many_days_to_answer() -> None:
    command = replace(GRANT, answer_within_days=Days(14))
    state = given(*REGISTERED).when(command, by=admin).then(replace(GRANTED, answer_within_days=Days(14)))
    assert state.mandates[0].answer_within_days == 14


@pytest.mark.parametrize("until", [NOW, NOW - DAY])
@pytest.mark.parametrize("start", [None, NOW - 9 * DAY, NOW + DAY])
def test_it_is_not_over_when_it_is_granted(start: datetime | None, until: datetime) -> None:
    given(*REGISTERED).when(replace(GRANT, valid_from=start, valid_until=until), by=admin).refused(
        InvalidInput, "It must lie in the future: it is 10 December 2024, 12:00 UTC now.", at=("validUntil",)
    )


@pytest.mark.parametrize("until", [NOW + DAY, NOW + 2 * DAY])
def test_it_ends_after_it_begins(until: datetime) -> None:
    given(*REGISTERED).when(replace(GRANT, valid_from=NOW + 2 * DAY, valid_until=until), by=admin).refused(
        InvalidInput, "It must lie after the start of the mandate.", at=("validUntil",)
    )


def test_it_is_for_an_authority_that_is_registered() -> None:
    unknown = replace(GRANT, authority=AuthorityCode("unknown"))
    given(*REGISTERED).when(unknown, by=admin).refused(
        InvalidInput, "No authority 'unknown' is registered.", at=("authority",)
    )


@pytest.mark.parametrize(
    ("held", "asked", "free"),
    [
        ((0, None), (0, None), False),
        ((0, None), (-5, None), False),
        ((0, None), (-5, 0), True),
        ((0, None), (-5, 1), False),
        ((0, 10), (10, None), True),
        ((0, 10), (9, None), False),
        ((0, 10), (2, 3), False),
        ((0, 10), (-1, 11), False),
        ((0, 10), (-2, -1), True),
        ((5, None), (0, None), False),
        ((5, None), (0, 5), True),
    ],
)
def test_one_mandate_a_region_at_a_time(
    held: tuple[int, int | None], asked: tuple[int, int | None], free: bool
) -> None:
    def day(number: int | None) -> datetime | None:
        return None if number is None else NOW + number * DAY

    one = mandate(valid_from=day(held[0]), valid_until=day(held[1]))
    command = replace(GRANT, authority=THIRD, valid_from=day(asked[0]), valid_until=day(asked[1]))
    when = given(*REGISTERED, one).when(command, by=admin, now=NOW - 9 * DAY)
    if free:
        assert isinstance(when.answer, tuple)
    else:
        when.refused(InvalidInput, "'kfor' holds a mandate over 'xk' at that time: end it first.", at=("region",))


def test_regions_within_and_around_are_free() -> None:
    within = replace(GRANT, authority=THIRD, region=Region("xk/north"))
    assert isinstance(given(*REGISTERED, mandate()).when(within, by=admin).answer, tuple)


def test_a_mandate_ends_now_or_when_it_is_said() -> None:
    event = MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW)
    state = given(*REGISTERED, mandate()).when(END, by=admin).then(event)
    assert (state.mandate(NOW), state.mandate(NOW - DAY) is None) == (None, False)
    later = replace(event, at=NOW + DAY)
    state = given(*REGISTERED, mandate()).when(replace(END, at=NOW + DAY), by=admin).then(later)
    assert (state.mandate(NOW) is None, state.mandate(NOW + DAY)) == (False, None)


@pytest.mark.parametrize(
    "past",
    [
        (),
        (mandate(of=THIRD),),
        (mandate(valid_from=NOW + DAY),),
        (mandate(valid_until=NOW),),
        (mandate(), ended(NOW - DAY)),
        (mandate(Region("xk/north")),),
    ],
    ids=["none", "another's", "not yet", "over", "ended", "within"],
)
def test_only_what_is_held_can_end(past: tuple[Past, ...]) -> None:
    given(*REGISTERED, *past).when(END, by=admin).refused(
        InvalidInput, "'kfor' holds no mandate over 'xk' at that time.", at=("region",)
    )


def test_only_the_mandate_that_is_valid_then_ends() -> None:
    first, second = mandate(valid_until=NOW - DAY), mandate(valid_from=NOW - DAY)
    before, after = given(*REGISTERED, first, second, ended(NOW)).register.states[SYSTEM_STREAM].mandates
    assert (before.valid_until, after.valid_until) == (NOW - DAY, NOW)


def test_what_ended_where_it_began_never_was_in_the_way() -> None:
    never = (mandate(valid_from=NOW + DAY), ended(NOW + DAY))
    given(*REGISTERED, *never).when(GRANT, by=admin).then(GRANTED)


def test_another_follows_where_one_ended() -> None:
    register = given(*REGISTERED, mandate(), ended(NOW), mandate(of=THIRD, valid_from=NOW)).register
    assert (deciders(register), deciders(register, now=NOW - DAY)) == ([THIRD], [KFOR])


def test_the_nearest_mandate_decides() -> None:
    over = (mandate(), mandate(Region("xk/north"), of=THIRD), mandate(Region("xk/north-east"), of=PRISTINA))
    register = given(*REGISTERED, *over).register
    assert deciders(register, Region("xk/north/zubin-potok")) == [THIRD, KFOR]
    assert deciders(register, Region("xk/north")) == [THIRD, KFOR]
    assert deciders(register, Region("xk/northern")) == [KFOR]
    assert deciders(register, Region("zz")) == []


def test_what_is_not_yet_valid_or_over_does_not_decide() -> None:
    future = mandate(Region("xk/north"), of=THIRD, valid_from=NOW + DAY)
    register = given(*REGISTERED, mandate(), future).register
    assert deciders(register, Region("xk/north")) == [KFOR]
    assert deciders(register, Region("xk/north"), now=NOW + DAY) == [THIRD, KFOR]
    over = mandate(Region("xk/north"), of=THIRD, valid_until=NOW)
    assert deciders(given(*REGISTERED, mandate(), over).register, Region("xk/north")) == [KFOR]


def test_nothing_ends_before_it_was_granted() -> None:
    with pytest.raises(ValueError, match="MandateEnded at position 1 comes before MandateGranted"):
        given(ended(NOW))


names = st.from_regex(r"[a-z0-9]{1,3}", fullmatch=True)
regions = st.lists(names, min_size=1, max_size=8).map(lambda parts: Region("/".join(parts)))


@for_all(regions, regions)
def test_a_region_lies_in_each_of_the_regions_around_it_and_in_no_other(inner: Region, outer: Region) -> None:
    assert covers(outer, inner) == (outer in regions_of(inner))
    assert regions_of(inner)[0] == inner
    assert all(covers(around, inner) for around in regions_of(inner))


def test_streams_are_found_by_what_they_are_about() -> None:
    assert authority.stream_of(KFOR) == authority.stream_of(AuthorityCode("kfor"))
    assert authority.stream_of(KFOR) != jurisdiction.stream_of(Region("kfor"))


def test_a_mandate_that_has_an_end_can_end_before_it() -> None:
    event = MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW)
    state = given(*REGISTERED, mandate(valid_until=NOW + DAY)).when(END, by=admin).then(event)
    assert state.mandate(NOW) is None


def test_whether_a_mandate_is_held_is_judged_at_the_time_at_which_it_is_to_end() -> None:
    future = (*REGISTERED, mandate(valid_from=NOW + DAY))
    later = replace(END, at=NOW + 2 * DAY)
    assert isinstance(given(*future).when(later, by=admin).answer, tuple)
    given(*REGISTERED, mandate(valid_until=NOW + DAY)).when(later, by=admin).refused(InvalidInput, at=("region",))


def test_a_state_knows_its_stream_its_version_and_its_terms() -> None:
    register = given(*REGISTERED, mandate()).register
    known, held = register.states[authority.stream_of(KFOR)], register.states[SYSTEM_STREAM]
    assert (known.id, known.version) == (authority.stream_of(KFOR), 1)
    assert (held.id, held.version, held.mandates[0].legal_basis) == (SYSTEM_STREAM, 1, "UNSCR 1244 (1999)")
