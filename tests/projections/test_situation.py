"""Counts by region, now and at any instant, for each viewer: what counting the states one by one makes."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import psycopg
import pytest

from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.state import AttributionStatus, Incident
from domain.vocabulary import SYSTEM, Actor, Region, regions_of
from projections.rows.running_counts import STATUSES
from projections.views import situation, situation_counts
from projections.views.situation import INCIDENTS, REQUEST
from projections.views.situation_counts import StatusCounts
from tests.projections.histories import Histories
from tests.projections.model import ACTORS, Model
from tests.projections.world import World

STANDING = "SELECT {}, counts FROM {} WHERE valid_until = 'infinity' AND {}"


@pytest.fixture(scope="module")
def recorded(shared_world: World) -> World:
    histories = Histories(11, markings=True)
    shared_world.append([histories.opening(), *histories.items(350)])
    shared_world.apply([situation.VIEW], block=40)
    shared_world.apply()
    return shared_world


def expected(model: Model, who: Actor, instant: datetime | None, regions: list[str] | None) -> list[StatusCounts]:
    seen: list[tuple[str, Region, str]] = [
        *((REQUEST, state.region, state.status) for state in model.seen(who, DeploymentRequest, instant)),
        *((INCIDENTS, state.region, state.status) for state in model.seen(who, Incident, instant)),
    ]
    counted: dict[tuple[str, str], Counter[str]] = {}
    for kind, region, status in seen:
        for around in regions_of(region):
            counted.setdefault((around, kind), Counter())[status] += 1
    wanted = {region for _, region, _ in seen} if regions is None else set(regions)
    return [StatusCounts(*key, found) for key, found in sorted(counted.items()) if key[0] in wanted]


def test_every_status_is_counted() -> None:
    assert sorted(STATUSES) == sorted({*RequestStatus, *AttributionStatus})


def test_counts_are_those_of_the_states(recorded: World) -> None:
    model = Model(recorded.log())
    recorded_at = [recorded.recorded_at for recorded in model.log]
    just_before = [recorded_at[0] - timedelta(seconds=1), recorded_at[90] - timedelta(microseconds=1)]
    wanted: list[list[str] | None] = [None, ["xk"], ["xk/north", "xl", "nowhere"], []]
    questions = [partial(situation_counts.by_region, regions=regions) for regions in wanted]
    for who in ACTORS:
        for instant in (None, *recorded_at[::60], *just_before):
            for regions, found in zip(wanted, recorded.ask_all(who, questions, as_of=instant), strict=True):
                assert found == expected(model, who, instant, regions), (who.subject, instant, regions)


def test_past_counts_include_incidents_referred_since(recorded: World) -> None:
    """Otherwise a list and its counts as of then would disagree."""
    model = Model(recorded.log())
    widened = 0
    for incident in model.seen(SYSTEM, Incident):
        reported = next(recorded for recorded in model.log if recorded.stream == incident.id)
        then = model.at(reported.recorded_at)
        for who in ACTORS:
            if model.viewer(who).sees(incident.audience - then[incident.id].audience):
                widened += 1
                found = recorded.ask(who, partial(situation_counts.by_region, regions=None), as_of=reported.recorded_at)
                assert found == expected(model, who, reported.recorded_at, None)
    assert widened > 3


def test_requests_of_a_status_are_counted(recorded: World) -> None:
    model, counted = Model(recorded.log()), 0
    recorded_at = [recorded.recorded_at for recorded in model.log]
    wanted: list[list[str] | None] = [None, ["APPROVED", "DENIED"], ["WITHHELD_PENDING_ATTRIBUTION"], ["WITHDRAWN"], []]
    questions = [partial(situation_counts.requests, status=status, regions=None) for status in wanted]
    for who in ACTORS:
        for instant in (None, *recorded_at[::60], recorded_at[0] - timedelta(seconds=1)):
            seen = [state.status for state in model.seen(who, DeploymentRequest, instant)]
            found = [number for [number] in recorded.ask_all(who, questions, as_of=instant)]
            assert found == [len([each for each in seen if status is None or each in status]) for status in wanted]
            counted += sum(found)
    assert counted > 200


@pytest.mark.parametrize(
    ("group", "total", "parts"),
    [
        ("kind, marking, audience::text", "regions = '{}'", "regions <> '{}'"),
        ("kind, marking, regions::text", "audience = '{}'", "audience <> '{}'"),
    ],
    ids=["every region", "every audience"],
)
def test_totals_are_the_sums_of_their_parts(recorded: World, group: str, total: str, parts: str) -> None:
    """So that it makes no difference which of them a number comes from."""
    with psycopg.connect(recorded.urls.owner) as connection:
        whole, every = (
            connection.execute(STANDING.format(group, situation.table, chosen).encode()).fetchall()
            for chosen in (total, parts)
        )
    sums: dict[tuple[str, ...], list[int]] = {}
    for *named, counts in every:
        known = sums.setdefault(tuple(named), [0] * len(counts))
        known[:] = map(sum, zip(known, counts, strict=True))
    assert sums == {tuple(named): counts for *named, counts in whole}
    assert len(sums) < len(every)
