"""An authority audits everything only because an administrator said so, with a reason."""

from dataclasses import replace
from typing import Any

import pytest

from domain import authority
from domain.authority import AuditingSet, SetAuditingAuthority
from domain.catalogue import evolve
from domain.decider import Context, open_with
from domain.refusals import InvalidInput, NotPermitted
from domain.vocabulary import AuthorityCode, Role
from tests.domain.case import KFOR, PRISTINA, REGISTERED, REQUEST, THIRD, WHY, admin, auditor, person
from tests.specification import Past, given

DECLARE = SetAuditingAuthority(authority=KFOR, audits_everything=True, reason=WHY)
RECORDED = AuditingSet(code=KFOR, audits_everything=True, reason=WHY)
second_admin = person("second-administrator", KFOR, Role.ADMINISTRATOR)


def test_an_administrator_lets_an_authority_audit_everything_and_takes_it_back() -> None:
    declared = given(*REGISTERED).when(DECLARE, by=admin).then(RECORDED)
    assert declared.audits_everything
    back = replace(DECLARE, audits_everything=False)
    ended = (
        given(*REGISTERED, Past(event=RECORDED, by=admin))
        .when(back, by=admin)
        .then(replace(RECORDED, audits_everything=False))
    )
    assert (ended.audits_everything, ended.version, ended.code) == (False, 3, KFOR)


@pytest.mark.parametrize(
    "who", [auditor, *(person("x", KFOR, role) for role in Role if role is not Role.ADMINISTRATOR)]
)
def test_nobody_else_does(who: Any) -> None:
    given(*REGISTERED).when(DECLARE, by=who).refused(NotPermitted, "This takes an administrator.")


def test_the_authority_is_registered() -> None:
    missing = replace(DECLARE, authority=AuthorityCode("nobody"))
    said = "No authority 'nobody' is registered."
    given(*REGISTERED).when(missing, by=admin).refused(InvalidInput, said, at=("authority",))


def test_with_two_administrators_whoever_registered_it_cannot_let_it_audit_everything() -> None:
    register = given(*REGISTERED).register
    opening = next(each for each in authority.OPENINGS if each.command is SetAuditingAuthority)
    state = register.states[authority.stream_of(KFOR)]

    def decided(context: Context, command: SetAuditingAuthority = DECLARE) -> Any:
        return open_with(opening, command, state, replace(context, two_administrators=True))

    refused = register.ask(decided, admin, state.id)
    assert isinstance(refused, InvalidInput)
    assert "another administrator" in refused.message
    assert register.ask(decided, second_admin, state.id) == (RECORDED,)
    back = replace(DECLARE, audits_everything=False)
    assert isinstance(register.ask(lambda context: decided(context, back), admin, state.id), tuple)


def test_the_events_of_an_authority_begin_with_its_registration() -> None:
    register = given(*REGISTERED).register
    recorded = next(each for each in register.log if isinstance(each.event, AuditingSet))
    with pytest.raises(ValueError, match="comes before AuthorityRegistered"):
        evolve(None, recorded)


@pytest.mark.parametrize(
    ("code", "roles", "tokens"),
    [
        (PRISTINA, (Role.AUDITOR,), {"auditors:pristina"}),
        (THIRD, (Role.AUDITOR,), {"auditors:third", "auditors"}),
        (THIRD, (Role.OBSERVER,), set()),
    ],
)
def test_the_tokens_of_auditors(code: AuthorityCode, roles: tuple[Role, ...], tokens: set[str]) -> None:
    who = person("who", code, *roles)
    viewer = given(*REGISTERED).register.ask(lambda context: authority.viewer(context, who), who, REQUEST)
    assert viewer.tokens == frozenset({"everybody", "registered", "person:mandate|who", f"authority:{code}"}) | tokens


def test_who_acts_for_an_unregistered_authority_sees_what_is_clear_whatever_their_roles() -> None:
    who = person("who", AuthorityCode("nobody"), *Role)
    viewer = given(*REGISTERED).register.ask(lambda context: authority.viewer(context, who), who, REQUEST)
    assert viewer.tokens == frozenset({"everybody"})
