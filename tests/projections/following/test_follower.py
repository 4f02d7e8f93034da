"""Followers: woken, one leader a view, nothing lost or doubled, nothing skipped."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from threading import Event
from time import monotonic
from typing import Any

import psycopg
import pytest

from domain.recorded_event import Recorded
from projections.catalogue import VIEWS
from projections.following.follower import Consumer, view_consumer
from projections.following.leadership import FollowerLimits
from projections.tables.checkpoints import FollowerState
from projections.views import deployment_requests
from tests.projections.histories import Histories
from tests.projections.rebuilding.empty_views import empty
from tests.projections.world import PATIENT, World, wait_for

VIEW = deployment_requests.VIEW
NAME = VIEW.name


def caught_up(world: World, view: str = NAME) -> None:
    world.reach(view, world.store.head()[0])


def test_an_append_wakes_the_follower(world: World) -> None:
    histories = Histories(1)
    with world.following(view_consumer(VIEW)):
        for _ in range(5):
            world.append(histories.items(3))
            caught_up(world)
    status = world.statuses(NAME)[0]
    assert (status.state, status.led, status.lag, status.lag_seconds) == (FollowerState.STOPPED, False, 0, 0.0)


@pytest.mark.parametrize("payload", ["", "soon", "-1", "1.5", "9" * 30, "\u0661"])
def test_a_notification_without_a_position_is_ignored(world: World, payload: str) -> None:
    histories = Histories(1)
    with world.following(view_consumer(VIEW)), psycopg.connect(world.urls.api, autocommit=True) as connection:
        world.append(histories.items(3))
        caught_up(world)
        connection.execute("SELECT pg_notify('mandate_events', %s)", [payload])
        world.append(histories.items(3))
        caught_up(world)


def test_concurrent_followers_make_the_same_rows(world: World) -> None:
    histories = Histories(2)
    with world.following(*map(view_consumer, VIEWS)):
        for _ in range(10):
            world.append(histories.items(20))
        for view in VIEWS:
            caught_up(world, view.name)
    followed = world.all_rows()
    empty(world)
    world.apply()
    assert world.all_rows() == followed


def test_one_leads_and_another_takes_over(world: World) -> None:
    histories = Histories(3)
    with world.following(view_consumer(VIEW), view_consumer(VIEW), view_consumer(VIEW)):
        for _ in range(5):
            world.append(histories.items(10))
            first = wait_for(lambda: leader(world))
            caught_up(world)
            terminate(world, first)
            assert wait_for(partial(leader, world, other_than=first)) != first
        caught_up(world)
    followed = world.all_rows([VIEW])
    empty(world)
    world.apply()
    assert world.all_rows([VIEW]) == followed


def leader(world: World, other_than: int | None = None) -> int | None:
    """The process of the server that holds the view's lock: never more than one."""
    with psycopg.connect(world.urls.owner) as connection:
        rows = connection.execute(
            """SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        ).fetchall()
    assert len(rows) <= 1
    return rows[0][0] if rows and rows[0][0] != other_than else None


def terminate(world: World, process: int) -> None:
    assert world.urls.superuser is not None
    with psycopg.connect(world.urls.superuser) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [process])


def refusing(course: Consumer, position: int, mended: Event) -> Consumer:
    """As if its fold could not apply the event at a position, until it is mended."""

    def apply(connection: psycopg.Connection[Any], events: Sequence[Recorded[Any]]) -> None:
        if not mended.is_set() and any(event.position == position for event in events):
            raise ValueError(f"the event at {position} is poison")
        course.apply(connection, events)

    return replace(course, apply=apply)


def test_an_event_that_cannot_be_applied_is_reported_and_not_skipped(world: World) -> None:
    world.append(Histories(4).items(60))
    poison, mended = 41, Event()
    with world.following(refusing(view_consumer(VIEW), poison, mended)):
        failed = world.wait(lambda status: status.state is FollowerState.FAILED, NAME)
        assert failed.position == poison - 1
        assert failed.last_error == "the event at 41 is poison"
        assert failed.led
        mended.set()
        caught_up(world)
        status = world.statuses(NAME)[0]
        assert (status.state, status.last_error) == (FollowerState.RUNNING, None)


def test_an_unreachable_log_is_retried(world: World) -> None:
    world.append(Histories(5).items(20))
    away = iter([True] * 5)

    class Away(Exception):
        """As the store says it."""

    def feed(after: int, limit: int) -> list[Recorded[Any]]:
        if next(away, False):
            raise Away
        return world.store.feed(after, limit)

    with world.following(view_consumer(VIEW), feed=feed, passing=(Away,)):
        caught_up(world)
        assert world.statuses(NAME)[0].last_error is None


def test_it_resumes_within_seconds_after_a_long_outage(world: World) -> None:
    """However long it was: what it waits between two tries does not grow with it."""
    world.append(Histories(5).items(20))
    back = monotonic() + 9

    class Away(Exception):
        """As the store says it."""

    def feed(after: int, limit: int) -> list[Recorded[Any]]:
        if monotonic() < back:
            raise Away
        return world.store.feed(after, limit)

    with world.following(view_consumer(VIEW), limits=FollowerLimits(), feed=feed, passing=(Away,)):
        wait_for(lambda: True if monotonic() > back else None)
        wait_for(lambda: True if world.statuses(NAME)[0].position == world.store.head()[0] else None, seconds=5)


def test_after_an_unclean_exit_it_begins_with_a_small_batch(world: World) -> None:
    """What a batch of many brought down, a small one may not; it doubles from there."""
    histories = Histories(8)
    world.append(histories.items(60))
    asked: list[int] = []

    def feed(after: int, limit: int) -> list[Recorded[Any]]:
        asked.append(limit)
        return world.store.feed(after, limit)

    with world.following(view_consumer(VIEW), feed=feed):
        caught_up(world)
    assert asked[0] == PATIENT.block
    with psycopg.connect(world.urls.worker) as connection:
        connection.execute("UPDATE projections.checkpoints SET state = 'RUNNING'")
    world.append(histories.items(60))
    asked.clear()
    with world.following(view_consumer(VIEW), feed=feed):
        caught_up(world)
    assert asked[:4] == [1, 2, 4, 8]


def test_a_follower_continues_from_a_checkpoint_moved_by_another(world: World) -> None:
    """As a rebuild does when it swaps."""
    histories = Histories(6)
    world.append(histories.items(30))
    with world.following(view_consumer(VIEW), limits=replace(PATIENT, block=5)):
        caught_up(world)
        empty(world)
        world.append(histories.items(5))
        caught_up(world)
    followed = world.all_rows([VIEW])
    empty(world)
    world.apply([VIEW])
    assert world.all_rows([VIEW]) == followed


def test_missing_rows_are_noticed(world: World) -> None:
    """No row is made from a state that its events did not make."""
    histories = Histories(7)
    world.append(histories.items(40))
    world.apply([VIEW])
    with psycopg.connect(world.urls.worker) as connection:
        connection.execute(f"DELETE FROM {VIEW.tables[0]} WHERE valid_until = 'infinity'".encode())
    world.append(histories.items(40))
    with world.following(view_consumer(VIEW)):
        failed = world.wait(lambda status: status.state is FollowerState.FAILED, NAME)
        assert failed.last_error is not None
        assert "comes next" in failed.last_error
