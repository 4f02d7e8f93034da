"""Rebuilds killed at random points, under writes: nothing is lost or left, nobody sees less, nothing follows."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from threading import Event, Thread
from time import monotonic
from typing import Final

import psycopg
import pytest

from projections.catalogue import VIEWS
from projections.following.follower import view_consumer
from projections.rebuilding.rebuild import verify
from projections.tables.view import View
from projections.views import audit_trail, deployment_requests
from service.event_store.mapper import decode
from service.event_store.store import EventStore
from tests.projections.histories import Histories
from tests.projections.rebuilding.empty_views import empty
from tests.projections.rebuilding.killed_rebuilds import CHOSEN, begun, ended
from tests.projections.rebuilding.rebuilds import again, nothing_is_left
from tests.projections.world import World

KILLS: Final = int(os.environ.get("TEST_KILLS", "2"))
"""How many rebuilds are killed. `make test-long` sets 30."""
PAUSE: Final = 0.02
"""Seconds between two appends."""


@contextmanager
def appending(world: World, histories: Histories) -> Iterator[list[int]]:
    """Somebody who appends all the time; how many events it was, at the end."""
    stop, appended = Event(), [0]

    def append() -> None:
        while not stop.wait(PAUSE):
            items = histories.items(3)
            world.append(items)
            appended[0] += sum(len(item.events) for item in items)

    thread = Thread(target=append)
    thread.start()
    try:
        yield appended
    finally:
        stop.set()
        thread.join(30)


@contextmanager
def polling(world: World, view: View) -> Iterator[list[str]]:
    """Somebody who looks at a view all the time, and notes where it has become less."""
    stop, failures = Event(), list[str]()
    asked = f"SELECT count(*), (SELECT position FROM projections.checkpoints WHERE view = %s) FROM {view.tables[0]}"

    def poll() -> None:
        before = (0, 0)
        with psycopg.connect(world.urls.api, autocommit=True) as connection:
            while not stop.wait(0.005):
                seen = connection.execute(asked.encode(), [view.name]).fetchone()
                assert seen is not None
                if seen[0] < before[0] or seen[1] < before[1]:
                    failures.append(f"{seen} after {before}")
                before = (seen[0], seen[1])
        failures.extend(["it saw nothing"] if before == (0, 0) else [])

    thread = Thread(target=poll)
    thread.start()
    try:
        yield failures
    finally:
        stop.set()
        thread.join(30)


def killed(process: subprocess.Popen[str], seconds: float) -> bool:
    """Whether it had not ended by itself before."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    was_running = process.poll() is None
    process.kill()
    process.communicate()
    return was_running


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_random_points_under_writes(world: World, store: EventStore) -> None:
    histories, chance = Histories(13), Random(13)
    before = [histories.opening(), *histories.items(300)]
    world.append(before)
    world.apply()
    began = monotonic()
    again(world, audit_trail.VIEW)
    whole = monotonic() - began
    kills = 0
    with (
        appending(world, histories) as appended,
        world.following(*map(view_consumer, VIEWS)),
        polling(world, deployment_requests.VIEW) as fewer,
        polling(world, audit_trail.VIEW) as fewer_events,
    ):
        while kills < KILLS:
            jobs, events = chance.choice(((1, 100), (2, 100), (1, 10_000)))
            kills += killed(begun(world, chance.choice(CHOSEN), jobs, events), chance.uniform(0, 1.5 * whole))
        ended(world)
        for view in CHOSEN:
            again(world, view)
            found = verify(view, world.urls.worker, decode)
            assert found is not None
            assert found.differing == 0, found.lines()
    assert fewer == fewer_events == []
    nothing_is_left(world)
    recorded = sum(len(item.events) for item in before) + appended[0]
    assert store.head()[0] == recorded, "no policy, and nobody else, recorded anything"
    world.apply()
    followed = world.all_rows()
    empty(world)
    world.apply()
    assert world.all_rows() == followed
