"""What takes long once all is loaded, the indexes above all: stopped, killed and failed."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Event
from typing import Any

import psycopg
import pytest

from domain.recorded_event import Recorded
from projections.following.replay import LogReplay, topics
from projections.reading.view_status import ProgressReport
from projections.rebuilding.progress import RebuildCancelled
from projections.tables.checkpoints import RebuildStep
from projections.tables.view import Folded, View
from projections.views import deployment_requests, situation
from projections.views.audit_trail import VIEW
from service.event_store.mapper import decode
from tests.projections.histories import Histories
from tests.projections.rebuilding.killed_rebuilds import begun, ended
from tests.projections.rebuilding.rebuilds import again, nothing_is_left
from tests.projections.world import World
from tests.waiting import until

AT_ONCE = 5
"""Seconds: half of those after which a session gives up waiting for a lock by itself."""


@pytest.fixture
def recorded(world: World) -> World:
    histories = Histories(53)
    world.append([histories.opening(), *histories.items(100)])
    world.apply()
    return world


@contextmanager
def held(world: World) -> Iterator[None]:
    """Rows can be loaded into the copy, and no index be built."""
    with psycopg.connect(world.urls.owner) as connection:
        connection.execute(f"LOCK TABLE projections_next.{VIEW.name} IN SHARE UPDATE EXCLUSIVE MODE".encode())
        yield


def waiting(world: World, query: str = "build_index") -> int:
    """Sessions that wait to go on with such a query."""
    assert world.urls.superuser is not None
    asked = """SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query ~ %s
               AND pid <> pg_backend_pid() AND state = 'active' AND wait_event_type = 'Lock'"""
    with psycopg.connect(world.urls.superuser) as connection:
        return len(connection.execute(asked, [query]).fetchall())


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_rebuild_stopped_while_it_indexes_ends_at_once_and_leaves_nothing(recorded: World, jobs: int) -> None:
    there, locked, stop = Event(), Event(), Event()

    def progress(report: ProgressReport) -> None:
        if report.total:
            there.set()
            assert locked.wait(30)

    with ThreadPoolExecutor() as pool:
        rebuilding = pool.submit(again, recorded, VIEW, jobs=jobs, progress=progress, stop=stop)
        assert there.wait(30)
        with held(recorded):
            locked.set()
            until(lambda: waiting(recorded) == jobs)
            stop.set()
            until(lambda: waiting(recorded) == 0, seconds=AT_ONCE)
        with pytest.raises(RebuildCancelled):
            rebuilding.result()
    nothing_is_left(recorded)


@pytest.mark.parametrize(
    ("view", "step", "held", "query"),
    [
        (situation.VIEW, RebuildStep.INDEXING, "projections_next.situation", "steps AS"),
        (VIEW, RebuildStep.COMPARING, f"projections.{VIEW.name}", f"unlike_its_copy|FROM projections.{VIEW.name}"),
    ],
)
def test_a_rebuild_stopped_during_a_statement_ends_at_once(
    recorded: World, view: View, step: RebuildStep, held: str, query: str
) -> None:
    there, stop = Event(), Event()
    with psycopg.connect(recorded.urls.owner) as holding, ThreadPoolExecutor() as pool:

        def progress(report: ProgressReport) -> None:
            if report.step is step and not there.is_set():
                holding.execute(f"LOCK TABLE {held}".encode())
                there.set()

        rebuilding = pool.submit(again, recorded, view, progress=progress, stop=stop)
        assert there.wait(10)
        until(lambda: waiting(recorded, query) == 1)
        stop.set()
        until(lambda: waiting(recorded, query) == 0, seconds=AT_ONCE)
        holding.rollback()
        with pytest.raises(RebuildCancelled):
            rebuilding.result()
    nothing_is_left(recorded)


@pytest.mark.faults
def test_the_index_build_of_a_killed_rebuild_ends_with_it(recorded: World) -> None:
    process = begun(recorded, VIEW, 2, 20)
    with held(recorded):
        until(lambda: waiting(recorded) == 2)
        process.kill()
        process.communicate()
        until(lambda: waiting(recorded) == 0, seconds=AT_ONCE)
    ended(recorded)
    again(recorded, VIEW)
    nothing_is_left(recorded)


def test_an_index_that_cannot_be_built_is_reported_and_nothing_is_left(recorded: World) -> None:
    view = deployment_requests.VIEW

    def all_stand(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
        folded = view.fold(state, events)
        table = deployment_requests.table
        rows = [(*row[:4], None, *row[5:]) for row in folded.rows[table]]
        return replace(folded, rows={**folded.rows, table: rows})

    with pytest.raises(psycopg.errors.UniqueViolation, match="present_id"):
        again(recorded, replace(view, fold=all_stand), jobs=2)
    nothing_is_left(recorded)


def test_reading_the_log_starts_no_parallel_workers(recorded: World) -> None:
    """For every block again, they cost a third of a rebuild."""
    with psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
        replay = LogReplay(connection, decode, recorded.store.head()[0])
        assert len(list(replay.by_stream(topics(VIEW.by_stream)))) > 0
        assert connection.execute("SHOW max_parallel_workers_per_gather").fetchone() == ("0",)
