"""A log that was restored to an earlier point beneath the views: they are found to be ahead of it, and built again."""

import asyncio
from collections.abc import Sequence
from functools import partial
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM
from projections.catalogue import VIEWS
from projections.following.follower import Consumer, view_consumer
from projections.reading.reader import Reader, ViewBehind
from projections.reading.view_status import ViewStatus
from projections.tables.checkpoints import FollowerState
from projections.tables.view import View
from projections.views import deployment_requests
from projections.views.authorities import standing_of
from service.processes.composition import reading_connections
from service.processes.rebuild_worker import RebuildWorker
from service.settings import Settings
from tests.projections.histories import Histories
from tests.projections.large_events import incident
from tests.projections.rebuilding.empty_views import empty
from tests.projections.world import World

VIEW = deployment_requests.VIEW
LOST = 15


@pytest.fixture
def histories() -> Histories:
    return Histories(71)


@pytest.fixture
def recorded(world: World, histories: Histories) -> World:
    world.append([histories.opening(), *histories.items(60)])
    return world


def restore(world: World, position: int) -> None:
    """The log as it was at a position; the views are as they are."""
    with psycopg.connect(world.urls.owner, autocommit=True) as owner:
        owner.execute("ALTER TABLE event_store.events DISABLE TRIGGER never_changed")
        owner.execute("DELETE FROM event_store.event_texts WHERE position > %s", [position])
        owner.execute("DELETE FROM event_store.events WHERE notification_id > %s", [position])
        owner.execute("ALTER TABLE event_store.events ENABLE ALWAYS TRIGGER never_changed")


@pytest.mark.parametrize("more", [0, 5, LOST + 20], ids=["nothing more", "some more", "more than was lost"])
def test_views_ahead_of_a_restored_log_are_rebuilt(recorded: World, more: int) -> None:
    head = recorded.store.head()[0]
    stop = Event()
    rebuilding = Thread(target=RebuildWorker(recorded.urls.worker, look=0.05).run, args=(stop,))
    with recorded.following(*map(view_consumer, VIEWS)):
        for view in VIEWS:
            recorded.reach(view.name, head)
    restore(recorded, head - LOST)
    if more:
        incident(recorded, more - 1, 10)
    rebuilding.start()
    try:
        with recorded.following(*map(view_consumer, VIEWS)):
            now = recorded.store.head()[0]
            for view in VIEWS:
                recorded.wait(partial(has_caught_up, view, now), view.name)
    finally:
        stop.set()
        rebuilding.join(30)
    followed = recorded.all_rows()
    empty(recorded)
    recorded.apply()
    assert recorded.all_rows() == followed


def has_caught_up(view: View, position: int, status: ViewStatus) -> bool:
    return (status.position, status.version, status.state) == (position, view.version, FollowerState.RUNNING)


def test_a_follower_notices_rows_ahead_of_the_log(recorded: World) -> None:
    """By the next event that is recorded."""
    head = recorded.store.head()[0]
    with recorded.following(view_consumer(VIEW)):
        recorded.reach(VIEW.name, head)
        restore(recorded, head - LOST)
        incident(recorded, 0)
        recorded.wait(lambda status: status.version == 0, VIEW.name)


def test_a_consumer_without_rows_starts_again(recorded: World) -> None:
    shown: list[int] = []

    def show(_: object, events: Sequence[Recorded[Any]]) -> None:
        shown.extend(recorded.position for recorded in events)

    course = Consumer(name="other", version=1, apply=show, keeps_rows=False)
    head = recorded.store.head()[0]
    with recorded.following(course):
        recorded.reach("other", head)
    restore(recorded, head - LOST)
    shown.clear()
    with recorded.following(course):
        recorded.reach("other", head - LOST)
        recorded.wait(lambda status: status.position == head - LOST, "other")
    assert shown == list(range(1, head - LOST + 1))


def test_a_view_ahead_of_the_log_answers_no_position(recorded: World) -> None:
    recorded.apply([VIEW])
    head = recorded.store.head()[0]
    restore(recorded, head - LOST)
    with pytest.raises(ViewBehind):
        recorded.ask(SYSTEM, lambda sight: deployment_requests.by_ids(sight, []), at_least=head - LOST)


def test_an_answered_position_is_readable_after_a_view_lost_its_last_changes(recorded: World) -> None:
    """As where the server falls: nothing that this process knew of positions is relied on."""
    recorded.apply()
    head = recorded.store.head()[0]

    async def ask() -> None:
        connections = reading_connections(Settings(), recorded.urls.api)
        try:
            reading = await Reader(connections, standing_of, patience=0.2).reading(SYSTEM, at_least=head)
            question = deployment_requests.by_ids(reading.viewer_scope, [])
            await reading.rows(question)
            empty(recorded)
            recorded.apply(until=head - LOST)
            with pytest.raises(ViewBehind):
                await reading.rows(question)
            recorded.apply()
            await reading.rows(question)
        finally:
            await connections.close()

    asyncio.run(ask())
