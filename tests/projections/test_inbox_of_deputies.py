"""The inbox of a deputy equals what they may do on behalf of each principal."""

import os
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Final

import pytest

from domain.deployment_request.state import DeploymentRequest
from domain.incident.inbox import ACTIONS as ACTIONS_ON_INCIDENTS
from domain.incident.state import Incident
from domain.vocabulary import Actor, Person, Role
from projections.views import authorities, deployment_requests, incidents
from projections.views.inbox import InboxFilter, InboxPosition, InboxRow
from projections.views.inbox_recipient import Recipient
from tests.projections.awaiting import (
    EVERYTHING,
    PERSONS,
    RECORDED,
    WHOLE,
    Awaiting,
    asked_of_every_incident,
    asked_of_every_request,
    count_at,
    holds_of,
    others_of,
    page_at,
)
from tests.projections.model import Model, actor
from tests.projections.world import World

INSTANTS: Final = int(os.environ.get("TEST_INBOXES", "6"))


@pytest.fixture(scope="module")
def recorded(shared_world: World) -> World:
    histories = Awaiting(48)
    shared_world.append([histories.opening(), *histories.items(500)])
    shared_world.apply([deployment_requests.VIEW, incidents.VIEW, authorities.VIEW], block=200)
    return shared_world


def owners(states: dict[Any, Any], who: Actor) -> set[Person]:
    """The persons of the same authority for whom a proposed correction waits."""
    open_ones = (state for state in states.values() if isinstance(state, Incident) and state.open_corrections)
    return {each.reported_by.person for each in open_ones if each.reported_by.authority == who.authority}


def test_it_equals_what_is_available_on_behalf_of_a_principal(recorded: World) -> None:
    model, chance = Model(recorded.log()), Random(12)
    seen = Counter[str]()
    for _ in range(INSTANTS):
        instant = chance.choice([None, chance.choice(model.log).recorded_at])
        states = model.at(instant)
        now = instant or (RECORDED + timedelta(days=chance.randint(1, 270)))
        for who in (*WHOLE, *chance.sample(PERSONS, 2)):
            others = {each.person for each in PERSONS} | owners(states, who)
            principal = chance.choice(sorted(chance.choice([others, owners(states, who) or others]) - {who.person}))
            lent = chance.choice([who.roles, tuple(chance.sample(who.roles, 1))])
            whose = Recipient(
                actor=who,
                holds=holds_of(states, who, now),
                others=others_of(states, who, now),
                principals=((principal, lent),),
                themselves=False,
            )
            questions: list[Any] = [
                partial(page_at, whose=whose, wanted=EVERYTHING, limit=10_000, now=now),
                partial(count_at, whose=whose, wanted=EVERYTHING, now=now),
            ]
            rows, count = recorded.ask_all(who, questions, as_of=instant)
            acting = replace(who, roles=lent, on_behalf_of=principal)
            expected = asked_of_every_request(model, states, acting, now, sees=who)
            expected += asked_of_every_incident(model, states, acting, now, sees=who)
            assert Counter((row.subject, row.action) for _, row in rows) == expected, (who, principal, now, instant)
            assert count == [sum(expected.values())]
            assert {whose.principal(row.principal) for _, row in rows} <= {principal}
            seen.update(row.action for _, row in rows)
    assert len(seen) > 8, seen
    assert seen.keys() >= {*ACTIONS_ON_INCIDENTS}


def test_pages_for_a_person_and_their_principals_lack_nothing(recorded: World) -> None:
    """What waits for several persons at once has one due date and one id in the order."""
    model = Model(recorded.log())
    now = model.log[-1].recorded_at
    who = actor("p9", "alpha", *Role)
    lent = tuple((actor(name, "alpha").person, roles) for name, roles in (("p8", who.roles), ("p1", (Role.REVIEWER,))))
    for themselves in (True, False):
        holds, others = holds_of(model.now, who, now), others_of(model.now, who, now)
        whose = Recipient(actor=who, holds=holds, others=others, principals=lent, themselves=themselves)
        asked = partial(page_at, whose=whose, wanted=EVERYTHING, now=now)
        everything = recorded.ask(who, partial(asked, limit=10_000))
        assert [place for place, _ in everything] == sorted(place for place, _ in everything)
        assert len({row.id for _, row in everything}) == len(everything)
        assert {row.principal is None for _, row in everything} == ({True, False} if themselves else {False})
        assert {whose.principal(row.principal) for _, row in everything} >= {person for person, _ in lent}
        assert recorded.ask(who, partial(count_at, whose=whose, wanted=EVERYTHING, now=now)) == [len(everything)]
        for limit in (1, 3):
            found: list[tuple[InboxPosition, InboxRow]] = []
            while part := recorded.ask(who, partial(asked, limit=limit, after=found[-1][0] if found else None)):
                found += part
            assert found == everything
    nobody = Recipient(actor=who, holds=(), themselves=False)
    assert recorded.ask(who, partial(page_at, whose=nobody, wanted=EVERYTHING, limit=5, now=now)) == []
    assert recorded.ask(who, partial(count_at, whose=nobody, wanted=EVERYTHING, now=now)) == [0]


def test_what_is_assigned_to_a_principal_is_assigned_to_their_deputy(recorded: World) -> None:
    model = Model(recorded.log())
    now = RECORDED + timedelta(days=30)
    who, principal = actor("p9", "alpha", *Role), actor("p2", "alpha").person
    whose = Recipient(
        actor=who, holds=holds_of(model.now, who, now), principals=((principal, who.roles),), themselves=False
    )
    requests = [state for state in model.now.values() if isinstance(state, DeploymentRequest)]
    theirs = {each.id for each in requests if each.assigned_to and each.assigned_to.person == principal}
    for wanted in (True, False):
        chosen = InboxFilter(assigned_to_me=wanted)
        rows = recorded.ask(who, partial(page_at, whose=whose, wanted=chosen, limit=10_000, now=now))
        assert rows
        assert {row.subject in theirs for _, row in rows} == {wanted}
