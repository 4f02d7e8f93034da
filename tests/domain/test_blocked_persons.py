"""Administrators block persons; the operator does so through the register itself."""

from dataclasses import replace
from typing import Any

import pytest

from domain import blocked_persons
from domain.blocked_persons import STREAM, BlockedPersons, BlockPerson, PersonBlocked, PersonUnblocked, UnblockPerson
from domain.catalogue import own_audience
from domain.refusals import InvalidInput, NotPermitted
from domain.vocabulary import REGISTER, SYSTEM, AuthorityCode, Label, Role, Subject
from tests.domain.case import KFOR, PRISTINA, REGISTERED, WHY, admin, person
from tests.specification import Past, given

BLOCK = BlockPerson(issuer=Label("https://id.example"), subject=Subject("eva"), reason=WHY)
UNBLOCK = UnblockPerson(issuer=BLOCK.issuer, subject=BLOCK.subject, reason=WHY)
OTHER = person("other", PRISTINA, Role.ADMINISTRATOR)


def blocked(**fields: Any) -> Past:
    named = {"issuer": BLOCK.issuer, "subject": BLOCK.subject, **fields}
    return Past(event=PersonBlocked(authority=KFOR, reason=WHY, **named), by=admin)


def test_a_person_is_blocked_and_unblocked() -> None:
    event: Any = blocked().event
    state = given(*REGISTERED).when(BLOCK, by=admin).then(event)
    assert state.persons == {("https://id.example", "eva")}
    freed = PersonUnblocked(authority=PRISTINA, issuer=BLOCK.issuer, subject=BLOCK.subject, reason=WHY)
    state = given(*REGISTERED, blocked(), blocked(subject=Subject("x"))).when(UNBLOCK, by=OTHER).then(freed)
    assert state.persons == {("https://id.example", "x")}


def test_the_operator_blocks_without_an_authority() -> None:
    event: Any = blocked().event
    given().when(BLOCK, by=SYSTEM).then(replace(event, authority=REGISTER))


@pytest.mark.parametrize("command", [BLOCK, UNBLOCK])
def test_only_administrators_of_registered_authorities_block(command: Any) -> None:
    for role in set(Role) - {Role.ADMINISTRATOR}:
        given(*REGISTERED).when(command, by=person("x", KFOR, role)).refused(NotPermitted, "administrator")
    stranger = person("x", AuthorityCode("elsewhere"), Role.ADMINISTRATOR)
    given(*REGISTERED).when(command, by=stranger).refused(NotPermitted, "not registered")


def test_nobody_blocks_themselves_and_who_is_blocked_blocks_nobody() -> None:
    """So one administrator always remains."""
    own = BlockPerson(issuer=Label(admin.issuer), subject=admin.subject, reason=WHY)
    given(*REGISTERED).when(own, by=admin).refused(InvalidInput, "cannot block yourself", at=("subject",))
    given(*REGISTERED).when(replace(own, issuer=Label("another")), by=admin).then(
        PersonBlocked(authority=KFOR, issuer=Label("another"), subject=admin.subject, reason=WHY)
    )
    locked_out = blocked(issuer=Label(admin.issuer), subject=admin.subject)
    for command in (BLOCK, replace(UNBLOCK, issuer=own.issuer, subject=own.subject)):
        given(*REGISTERED, locked_out).when(command, by=admin).refused(NotPermitted, "You are blocked")


def test_each_is_blocked_once() -> None:
    given(*REGISTERED, blocked()).when(BLOCK, by=admin).refused(InvalidInput, "blocked already", at=("subject",))
    given(*REGISTERED).when(UNBLOCK, by=admin).refused(InvalidInput, "is not blocked", at=("subject",))


def test_the_number_of_blocked_persons_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocked_persons, "MOST", 1)
    before = given(*REGISTERED, blocked(subject=Subject("x")))
    before.when(BLOCK, by=admin).refused(InvalidInput, "1 persons are blocked, the maximum", at=("subject",))


def test_auditors_and_the_acting_authority_may_see_it() -> None:
    event: Any = blocked().event
    assert own_audience(event) == frozenset({"auditors", "authority:kfor"})


def test_a_state_is_that_of_the_one_stream() -> None:
    register = given(*REGISTERED, blocked()).register
    assert isinstance(register.states[STREAM], BlockedPersons)
