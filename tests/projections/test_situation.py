"""Counts by region, now and at any instant, for each viewer: what counting the states one by one makes."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.vocabulary import SYSTEM, Actor, Region, regions_of
from projections import situation
from projections.situation import INCIDENTS, REQUEST, Count
from tests.projections.histories import Histories
from tests.projections.model import ACTORS, Model
from tests.projections.world import World


@pytest.fixture
def recorded(world: World) -> World:
    histories = Histories(11)
    world.append([histories.opening(), *histories.items(250)])
    world.apply([situation.VIEW], block=40)
    world.apply()
    return world


def expected(model: Model, who: Actor, instant: datetime | None, regions: list[str] | None) -> list[Count]:
    seen: list[tuple[str, Region, str]] = [
        *((REQUEST, state.region, state.status) for state in model.seen(who, DeploymentRequest, instant)),
        *((INCIDENTS, state.region, state.status) for state in model.seen(who, Incident, instant)),
    ]
    counted = Counter((around, kind, status) for kind, region, status in seen for around in regions_of(region))
    wanted = {region for _, region, _ in seen} if regions is None else set(regions)
    return [Count(*key, count) for key, count in sorted(counted.items()) if key[0] in wanted]


def test_counts_are_those_of_the_states(recorded: World) -> None:
    model = Model(recorded.log())
    recorded_at = [recorded.recorded_at for recorded in model.log]
    just_before = [recorded_at[0] - timedelta(seconds=1), recorded_at[90] - timedelta(microseconds=1)]
    wanted: list[list[str] | None] = [None, ["xk"], ["xk/north", "xl", "nowhere"], []]
    questions = [partial(situation.counts, regions=regions) for regions in wanted]
    for who in ACTORS:
        for instant in (None, *recorded_at[::60], *just_before):
            for regions, found in zip(wanted, recorded.ask_all(who, questions, as_of=instant), strict=True):
                assert found == expected(model, who, instant, regions), (who.subject, instant, regions)


def test_what_was_referred_counts_for_those_who_see_it_now_in_the_past_too(recorded: World) -> None:
    """Otherwise a list and its counts as of then would disagree."""
    model = Model(recorded.log())
    widened = 0
    for incident in model.seen(SYSTEM, Incident):
        reported = next(recorded for recorded in model.log if recorded.stream == incident.id)
        then = model.at(reported.recorded_at)
        for who in ACTORS:
            if model.viewer(who).sees(incident.audience - then[incident.id].audience):
                widened += 1
                found = recorded.ask(who, partial(situation.counts, regions=None), as_of=reported.recorded_at)
                assert found == expected(model, who, reported.recorded_at, None)
    assert widened > 3
