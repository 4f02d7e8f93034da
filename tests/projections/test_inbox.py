"""The inbox equals what each person could do, asked of every request: now and as of then."""

import os
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

import psycopg
import pytest

from domain.deployment_request.inbox import AWAITED
from domain.deployment_request.state import DeploymentRequest
from domain.incident.inbox import ACTIONS as ACTIONS_ON_INCIDENTS
from domain.incident.state import Incident
from domain.vocabulary import Actor, Role
from projections.reading.queries import Query
from projections.tables.row_security import READER
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
from tests.projections.model import Model, actor, in_regions
from tests.projections.rebuilding.rebuilds import again
from tests.projections.world import World

INSTANTS: Final = int(os.environ.get("TEST_INBOXES", "24"))
"""At each, seven persons ask. `make test-long` sets 1,430: 10,000 situations."""
ACTIONS: Final = {step.action for step in AWAITED} | {*ACTIONS_ON_INCIDENTS}


@pytest.fixture(scope="module")
def recorded(shared_world: World) -> World:
    histories = Awaiting(48)
    shared_world.append([histories.opening(), *histories.items(500)])
    shared_world.apply([deployment_requests.VIEW, incidents.VIEW, authorities.VIEW], block=200)
    return shared_world


def recipient(model: Model, who: Actor, now: datetime) -> Recipient:
    return Recipient(actor=who, holds=holds_of(model.now, who, now), others=others_of(model.now, who, now))


def asking(
    whose: Recipient, now: datetime, wanted: InboxFilter = EVERYTHING, limit: int = 10_000
) -> partial[Query[tuple[InboxPosition, InboxRow]]]:
    return partial(page_at, whose=whose, wanted=wanted, limit=limit, now=now)


def test_the_inbox_equals_the_actions_available_on_every_request_and_incident(recorded: World) -> None:
    model, chance = Model(recorded.log()), Random(12)
    seen = Counter[str]()
    for _ in range(INSTANTS):
        instant = chance.choice([None, chance.choice(model.log).recorded_at])
        states = model.at(instant)
        now = instant or (RECORDED + timedelta(days=chance.randint(1, 270)))
        for who in (*WHOLE, *chance.sample(PERSONS, 4)):
            holds = holds_of(states, who, now)
            whose = Recipient(actor=who, holds=holds, others=others_of(states, who, now))
            questions: list[Any] = [asking(whose, now), partial(count_at, whose=whose, wanted=EVERYTHING, now=now)]
            rows, count = recorded.ask_all(who, questions, as_of=instant)
            expected = asked_of_every_request(model, states, who, now)
            expected += asked_of_every_incident(model, states, who, now)
            assert Counter((row.subject, row.action) for _, row in rows) == expected, (who, now, instant)
            assert count == [sum(expected.values())]
            seen.update(row.action for _, row in rows)
    assert seen.keys() == ACTIONS, seen


def test_pages_follow_the_due_dates_and_lack_nothing(recorded: World) -> None:
    model = Model(recorded.log())
    now = model.log[-1].recorded_at
    who = actor("p9", "alpha", *Role)
    whose = recipient(model, who, now)
    everything = recorded.ask(who, asking(whose, now))
    assert [place for place, _ in everything] == sorted((p for p, _ in everything), key=lambda p: (p.at, p.id))
    assert len({row.id for _, row in everything}) == len(everything) > 2
    found: list[tuple[InboxPosition, InboxRow]] = []
    while part := recorded.ask(who, partial(asking(whose, now, limit=2), after=found[-1][0] if found else None)):
        found += part
    assert found == everything


def test_the_inbox_is_filtered(recorded: World) -> None:
    model = Model(recorded.log())
    now = RECORDED + timedelta(days=30)
    who = actor("p2", "alpha", *Role)
    whose = recipient(model, who, now)
    requests = [state for state in model.now.values() if isinstance(state, DeploymentRequest)]
    regions = {each.id: each.region for each in model.now.values() if isinstance(each, DeploymentRequest | Incident)}
    mine = {each.id for each in requests if each.assigned_to and each.assigned_to.person == who.person}
    everything = [row for _, row in recorded.ask(who, asking(whose, now))]
    assert {row.subject in mine for row in everything} == {True, False}
    for wanted, keeps in (
        (InboxFilter(action=["ENDORSE", "DENY"]), lambda row: row.action in ("ENDORSE", "DENY")),
        (InboxFilter(action=[]), lambda row: False),
        (InboxFilter(region=["xk"]), lambda row: in_regions(regions[row.subject], ["xk"])),
        (InboxFilter(overdue=True), lambda row: row.due is not None and row.due <= now),
        (InboxFilter(overdue=False), lambda row: row.due is None or row.due > now),
        (InboxFilter(assigned_to_me=True), lambda row: row.subject in mine),
        (InboxFilter(assigned_to_me=False), lambda row: row.subject not in mine),
        (InboxFilter(due_until=now), lambda row: row.due is not None and row.due < now),
    ):
        expected = [row for row in everything if keeps(row)]
        assert [row for _, row in recorded.ask(who, asking(whose, now, wanted))] == expected
        counted = partial(count_at, whose=whose, wanted=wanted, now=now)
        assert recorded.ask(who, counted) == [len(expected)]


def test_row_security_shows_the_items_of_the_own_authority_alone(recorded: World) -> None:
    everybody = "{everybody,registered,authority:alpha}"
    with psycopg.connect(recorded.urls.owner) as owner:
        expected = owner.execute(
            "SELECT count(*) FROM projections.inbox WHERE audience && %s AND authority = 'alpha'", [everybody]
        ).fetchone()
    with psycopg.connect(recorded.urls.api, options=f"-c role={READER}") as reader:
        reader.execute("SELECT set_config('mandate.tokens', %s, true)", [everybody])
        found = reader.execute("SELECT count(*), array_agg(DISTINCT authority) FROM projections.inbox").fetchone()
    assert expected is not None
    assert found == (*expected, ["alpha"])


def test_a_rebuild_makes_the_same_rows(recorded: World) -> None:
    before = recorded.all_rows([deployment_requests.VIEW])
    again(recorded, deployment_requests.VIEW)
    assert recorded.all_rows([deployment_requests.VIEW]) == before
