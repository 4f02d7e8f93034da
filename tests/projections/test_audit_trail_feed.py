"""The next events, and in the same moment how far all of the views are."""

from functools import partial

import psycopg

from domain.vocabulary import SYSTEM
from projections.reading import view_status
from projections.views import (
    audit_trail,
    audit_trail_queries,
    authorities,
    deployment_requests,
    request_lists,
)
from projections.views.audit_trail_feed import next_entries
from projections.views.audit_trail_filter import AuditTrailFilter, PositionRange
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from tests.projections.histories import Histories
from tests.projections.model import ACTORS
from tests.projections.world import World

VIEWS = (audit_trail.NAME, authorities.NAME)


def test_the_next_events_are_those_of_the_trail_and_come_with_the_least_position_of_the_views(world: World) -> None:
    histories = Histories(11)
    world.append([histories.opening(), *histories.items(40)])
    world.apply(until=30)
    world.apply([audit_trail.VIEW])
    [head] = world.ask(SYSTEM, lambda _: view_status.head())
    assert head == world.log()[-1].position
    for who in ACTORS:
        of_trail = partial(audit_trail_queries.page, wanted=AuditTrailFilter(), limit=20, part=PositionRange(after=7))
        page = world.ask(who, of_trail)
        passing = world.ask(who, partial(next_entries, wanted=AuditTrailFilter(), limit=20, after=7, views=VIEWS))
        assert [entry for _, entry in passing if entry is not None] == page
        assert {reached for reached, _ in passing} == {30}


def test_the_position_of_the_views_is_reported_without_events_too(world: World) -> None:
    ask = partial(next_entries, wanted=AuditTrailFilter(type=["RequestDenied"]), limit=5, after=0, views=VIEWS)
    assert world.ask(SYSTEM, ask) == [(0, None)]
    world.append([Histories(11).opening()])
    world.apply()
    assert world.ask(SYSTEM, ask) == [(world.log()[-1].position, None)]
    with psycopg.connect(world.urls.owner, autocommit=True) as connection:
        connection.execute("UPDATE projections.checkpoints SET position = 1 WHERE view = 'authorities'")
    assert world.ask(SYSTEM, ask) == [(1, None)]


def test_how_many_events_a_request_has_is_reported_without_reading_it(world: World) -> None:
    histories = Histories(11)
    world.append([histories.opening(), *histories.items(60)])
    world.apply()
    page = partial(
        request_lists.page,
        wanted=RequestListFilter(),
        order=RequestOrder.SUBMITTED_AT_ASC,
        limit=9,
    )
    states = [state for _, state in world.ask(SYSTEM, page)]
    assert len(states) > 1
    found = world.ask(SYSTEM, lambda _: deployment_requests.newest_versions([state.id for state in states]))
    assert dict(found) == {state.id: state.version for state in states}
