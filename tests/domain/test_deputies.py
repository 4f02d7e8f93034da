"""Who is whose deputy in an authority: appointed for a period, in some roles, by the principal or an administrator."""

from dataclasses import replace
from typing import Any

import pytest

from domain import deputies
from domain.deputies import Deputies, DeputyAppointed, DeputyEnded
from domain.deputy_appointment import AppointDeputy, EndDeputy
from domain.refusals import InvalidInput, NotPermitted
from domain.vocabulary import Actor, AuthorityCode, Label, Role, Subject, Text
from tests.domain.case import (
    DAY,
    KFOR,
    PRISTINA,
    REGISTERED,
    WHY,
    admin,
    approver,
    person,
    requester,
    reviewer,
    second_reviewer,
)
from tests.specification import NOW, Past, given

OWN = AppointDeputy(
    deputy=second_reviewer.subject,
    authority=KFOR,
    roles=(Role.REVIEWER,),
    from_=NOW - DAY,
    until=NOW + 7 * DAY,
    reason=WHY,
)
END = EndDeputy(deputy=second_reviewer.subject, authority=KFOR, reason=WHY)
APPOINTED = DeputyAppointed(
    authority=KFOR,
    principal_issuer=Label("mandate"),
    principal=reviewer.subject,
    deputy_issuer=Label("mandate"),
    deputy=second_reviewer.subject,
    roles=(Role.REVIEWER,),
    valid_from=NOW - DAY,
    valid_until=NOW + 7 * DAY,
    reason=WHY,
)
ENDED = DeputyEnded(
    authority=KFOR,
    principal_issuer=Label("mandate"),
    principal=reviewer.subject,
    deputy_issuer=Label("mandate"),
    deputy=second_reviewer.subject,
    reason=WHY,
)
THEY = (second_reviewer.person, reviewer.person)


def appointed(by: Actor = reviewer, **fields: Any) -> Past:
    return Past(event=replace(APPOINTED, **fields), by=by, at=NOW - 2 * DAY)


def test_a_person_appoints_a_deputy_for_a_period() -> None:
    state = given(*REGISTERED).when(OWN, by=reviewer).then(APPOINTED)
    [appointment] = state.appointments
    assert appointment.valid_from == NOW, "not before it was recorded"
    for instant, valid in ((NOW - DAY, False), (NOW, True), (OWN.until - DAY, True), (OWN.until, False)):
        assert (state.appointment(*THEY, instant) is not None) is valid
    assert state.lent_to(second_reviewer.person, NOW) == (appointment,)
    assert state.lent_to(reviewer.person, NOW) == ()


def test_an_administrator_appoints_a_deputy_for_another() -> None:
    others = replace(OWN, principal=reviewer.subject, roles=(Role.APPROVER, Role.REVIEWER, Role.REVIEWER))
    given(*REGISTERED).when(others, by=admin).then(replace(APPOINTED, roles=(Role.REVIEWER, Role.APPROVER)))
    foreign = replace(others, principal=Subject("person:https://id.example|eva"), deputy=Subject("person:x%7Cy|z"))
    given(*REGISTERED).when(replace(foreign, roles=OWN.roles), by=admin).then(
        replace(
            APPOINTED,
            principal_issuer=Label("https://id.example"),
            principal=Subject("eva"),
            deputy_issuer=Label("x|y"),
            deputy=Subject("z"),
        )
    )


@pytest.mark.parametrize("by", [approver, second_reviewer, requester])
def test_nobody_else_does(by: Actor) -> None:
    others = replace(OWN, principal=reviewer.subject, deputy=Subject("x"), authority=by.authority)
    message = f"This takes an administrator of {by.authority}, or the principal themselves."
    given(*REGISTERED).when(others, by=by).refused(NotPermitted, message)


@pytest.mark.parametrize("command", [OWN, replace(OWN, principal=reviewer.subject), END])
def test_the_deputies_of_an_authority_are_its_own_affair(command: AppointDeputy | EndDeputy) -> None:
    others = person("administrator", PRISTINA, Role.ADMINISTRATOR)
    before = given(*REGISTERED, appointed())
    before.when(command, by=others).refused(NotPermitted, "You act for pristina: the deputies of kfor are appointed")


def test_the_authority_is_registered() -> None:
    nowhere = replace(reviewer, authority=AuthorityCode("nowhere"))
    given(*REGISTERED).when(replace(OWN, authority=nowhere.authority), by=nowhere).refused(
        NotPermitted, "nowhere, is not registered"
    )


def test_nobody_deputises_for_themselves() -> None:
    own = replace(OWN, deputy=reviewer.subject)
    given(*REGISTERED).when(own, by=reviewer).refused(InvalidInput, "Nobody is their own deputy", at=("deputy",))
    theirs = replace(OWN, principal=reviewer.subject, deputy=Subject("person:mandate|reviewer"))
    given(*REGISTERED).when(theirs, by=admin).refused(InvalidInput, "Nobody is their own deputy", at=("deputy",))


def test_a_person_lends_roles_that_they_have() -> None:
    more = replace(OWN, roles=(Role.REVIEWER, Role.APPROVER))
    given(*REGISTERED).when(more, by=reviewer).refused(InvalidInput, "You are no approver", at=("roles.1",))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OBSERVER])
def test_roles_that_only_give_sight_are_not_lent(role: Role) -> None:
    sees = person("sees", KFOR, role, Role.ADMINISTRATOR)
    given(*REGISTERED).when(replace(OWN, roles=(role,)), by=sees).refused(
        InvalidInput, "only gives sight", at=("roles.0",)
    )


def test_an_appointment_names_roles() -> None:
    given(*REGISTERED).when(replace(OWN, roles=()), by=reviewer).refused(InvalidInput, "Name the roles", at=("roles",))


def test_its_period_is_not_over() -> None:
    past = replace(OWN, until=NOW)
    given(*REGISTERED).when(past, by=reviewer).refused(InvalidInput, "must lie in the future", at=("until",))
    reversed_period = replace(OWN, from_=NOW + 8 * DAY)
    given(*REGISTERED).when(reversed_period, by=reviewer).refused(InvalidInput, "after the start", at=("until",))


@pytest.mark.parametrize("named", ["person:", "person:|eva", "person:https://id.example|"])
def test_a_person_of_another_issuer_is_named_with_both(named: str) -> None:
    said = "'person:ISSUER|SUBJECT'"
    unread = replace(OWN, deputy=Subject(named))
    given(*REGISTERED).when(unread, by=reviewer).refused(InvalidInput, said, at=("deputy",))
    unended = replace(END, principal=Subject(named))
    given(*REGISTERED).when(unended, by=reviewer).refused(InvalidInput, said, at=("principal",))


def test_a_deputy_has_one_appointment_by_a_principal_at_a_time() -> None:
    before = given(*REGISTERED, appointed())
    before.when(OWN, by=reviewer).refused(InvalidInput, "'second-reviewer' is their deputy from", at=("deputy",))
    others = replace(OWN, deputy=Subject("third"))
    assert isinstance(given(*REGISTERED, appointed()).when(others, by=reviewer).answer, tuple)
    later = replace(OWN, from_=NOW + 7 * DAY, until=NOW + 9 * DAY)
    state = given(*REGISTERED, appointed()).when(later, by=reviewer)
    assert isinstance(state.answer, tuple)
    over = appointed(valid_until=NOW)
    given(*REGISTERED, over).when(OWN, by=reviewer).then(APPOINTED)


def test_the_number_of_deputies_at_once_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.deputy_appointment.MOST", 1)
    before = given(*REGISTERED, appointed(deputy=Subject("x")))
    before.when(OWN, by=reviewer).refused(InvalidInput, "kfor has 1 deputies, the maximum", at=("deputy",))
    given(*REGISTERED, appointed(valid_until=NOW)).when(OWN, by=reviewer).then(APPOINTED)


def test_the_number_of_a_deputys_principals_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.deputy_appointment.MOST_PRINCIPALS", 1)
    before = given(*REGISTERED, appointed(principal=Subject("x")))
    before.when(OWN, by=reviewer).refused(InvalidInput, "is the deputy of 1 already, the maximum", at=("deputy",))
    given(*REGISTERED, appointed(principal=Subject("x"), valid_until=NOW)).when(OWN, by=reviewer).then(APPOINTED)


def test_of_appointments_that_are_over_the_last_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deputies, "MOST", 3)
    over = [appointed(deputy=Subject(f"x{n}"), valid_until=NOW - 2 * DAY) for n in range(3)]
    standing = appointed(deputy=Subject("stays"), valid_until=NOW + DAY)
    state = given(*REGISTERED, *over[:2], standing, over[2]).when(OWN, by=reviewer).then(APPOINTED)
    assert [each.deputy[1] for each in state.appointments] == ["x2", "second-reviewer", "stays"]


def test_the_reason_of_an_appointment_is_short() -> None:
    long = replace(OWN, reason=Text("x" * (deputies.LONGEST_REASON + 1)))
    given(*REGISTERED).when(long, by=reviewer).refused(InvalidInput, "at most 1,000 characters", at=("reason",))
    longest = replace(OWN, reason=Text("x" * deputies.LONGEST_REASON))
    given(*REGISTERED).when(longest, by=reviewer).then(replace(APPOINTED, reason=longest.reason))


@pytest.mark.parametrize("by", [reviewer, second_reviewer, admin])
def test_it_is_ended_by_the_principal_the_deputy_or_an_administrator(by: Actor) -> None:
    command = replace(END, principal=reviewer.subject)
    to_come = appointed(valid_from=NOW + 8 * DAY, valid_until=NOW + 9 * DAY)
    state = given(*REGISTERED, appointed(), to_come).when(command, by=by).then(ENDED)
    assert all(each.is_over(NOW) for each in state.appointments)
    assert state.appointment(*THEY, NOW) is state.appointment(*THEY, NOW + 8 * DAY) is None
    assert state.appointment(*THEY, NOW - DAY) is not None, "it was valid then"


def test_what_was_over_before_stays_over() -> None:
    over = appointed(valid_until=NOW - DAY)
    state = given(*REGISTERED, over, appointed()).when(END, by=reviewer).then(ENDED)
    assert [each.valid_until for each in state.appointments] == [NOW - DAY, NOW]


def test_nobody_else_ends_it() -> None:
    command = replace(END, principal=reviewer.subject)
    said = "This takes an administrator of kfor, or the principal themselves or the deputy themselves."
    given(*REGISTERED, appointed()).when(command, by=approver).refused(NotPermitted, said)


def test_only_a_deputy_is_ended() -> None:
    said = "'second-reviewer' is no deputy of 'reviewer' in kfor."
    for past in ((), (appointed(valid_until=NOW),), (appointed(), Past(event=ENDED, by=reviewer, at=NOW - DAY))):
        given(*REGISTERED, *past).when(END, by=reviewer).refused(InvalidInput, said, at=("deputy",))
    foreign = replace(END, deputy=Subject("person:https://id.example|eva"))
    given(*REGISTERED).when(foreign, by=reviewer).refused(InvalidInput, "'eva' of 'https://id.example' is no deputy")


def test_the_authority_and_auditors_of_everything_see_who_is_whose_deputy() -> None:
    assert deputies.audience(KFOR) == {"auditors", "authority:kfor"}


def test_a_state_is_that_of_one_authority() -> None:
    register = given(*REGISTERED, appointed()).register
    assert isinstance(register.states[deputies.stream_of(KFOR)], Deputies)
    assert deputies.stream_of(PRISTINA) not in register.states
