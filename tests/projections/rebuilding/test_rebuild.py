"""A view built again beside the one that is served: the same rows, rights and indexes, and never less to be seen."""

from itertools import groupby
from threading import Event, Thread

import psycopg
import pytest

from projections.catalogue import VIEWS
from projections.following import replay
from projections.following.follower import view_consumer
from projections.reading.view_status import ProgressReport
from projections.rebuilding.progress import RebuildCancelled
from projections.rebuilding.rebuild import BeingRebuilt
from projections.tables.checkpoints import RebuildStep
from projections.views.audit_trail import VIEW
from service.database.migrations import check
from tests.projections.following.appending import appending
from tests.projections.histories import Histories
from tests.projections.rebuilding.empty_views import empty
from tests.projections.rebuilding.rebuilds import again, asked, nothing_is_left
from tests.projections.world import World

CATALOG = """
    SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner), c.relacl::text, pg_get_indexdef(c.oid)
    FROM pg_class c WHERE c.relnamespace = 'projections'::regnamespace AND c.relkind IN ('r', 'i') ORDER BY 1
"""
COLUMNS = """
    SELECT c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           a.attstorage,
           pg_get_expr(d.adbin, d.adrelid)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'projections'::regnamespace AND c.relkind = 'r' ORDER BY 1, 2
"""


NO_EVENTS = (RebuildStep.INDEXING, RebuildStep.COMPARING, RebuildStep.SWAPPING)


@pytest.fixture
def histories() -> Histories:
    return Histories(51)


@pytest.fixture
def recorded(world: World, histories: Histories) -> World:
    world.append([histories.opening(), *histories.items(300)])
    return world


def test_the_rows_are_those_that_followers_make(recorded: World) -> None:
    recorded.apply()
    followed = recorded.all_rows()
    catalog, columns = asked(recorded, CATALOG), asked(recorded, COLUMNS)
    empty(recorded)
    for view in VIEWS:
        rebuilt = again(recorded, view)
        assert rebuilt.position == recorded.store.head()[0]
        assert rebuilt.processed == sum(view.keeps(each) for each in recorded.log())
    assert recorded.all_rows() == followed
    assert asked(recorded, CATALOG) == catalog
    assert asked(recorded, COLUMNS) == columns
    assert all(status.lag == 0 for view in VIEWS for status in recorded.statuses(view.name))
    check(recorded.urls.owner)
    nothing_is_left(recorded)


def test_streams_too_long_to_fold_at_once_are_folded_in_parts(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded.apply()
    followed = recorded.all_rows()
    monkeypatch.setattr(replay, "LONGEST", 4)
    monkeypatch.setattr(replay, "BLOCK", 7)
    for view in VIEWS:
        again(recorded, view)
    assert recorded.all_rows() == followed


def test_a_rebuild_reaches_the_end_of_the_log_and_followers_continue(recorded: World, histories: Histories) -> None:
    """The live view may be behind, or ahead of where the rebuild began: what comes out is never older."""
    recorded.apply(until=100)

    def append_more(progress: ProgressReport) -> None:
        if progress.processed:
            recorded.append(histories.items(1))

    with recorded.following(*map(view_consumer, VIEWS)):
        for view in VIEWS:
            before = recorded.statuses(view.name)[0].position
            assert again(recorded, view, progress=append_more).position >= before
        for view in VIEWS:
            recorded.reach(view.name, recorded.store.head()[0])
    followed = recorded.all_rows()
    empty(recorded)
    recorded.apply()
    assert recorded.all_rows() == followed


def test_readers_never_see_less_and_writers_never_wait(recorded: World, histories: Histories) -> None:
    recorded.apply()
    failures: list[str] = []
    stop = Event()
    looked = "SELECT count(*), (SELECT position FROM projections.checkpoints WHERE view = 'audit_trail') FROM {}"

    def poll() -> None:
        before = (0, 0)
        with psycopg.connect(recorded.urls.api, autocommit=True) as connection:
            while not stop.wait(0.005):
                seen = connection.execute(looked.format(VIEW.tables[0]).encode()).fetchone()
                assert seen is not None
                if seen[0] < before[0] or seen[1] < before[1]:
                    failures.append(f"{seen} after {before}")
                before = (seen[0], seen[1])

    reader = Thread(target=poll)
    reader.start()
    with appending(recorded, histories), recorded.following(view_consumer(VIEW)):
        for _ in range(3):
            again(recorded, VIEW)
        recorded.reach(VIEW.name, recorded.store.head()[0])
    stop.set()
    reader.join()
    assert failures == []


def test_one_rebuilds_a_view_at_a_time(recorded: World) -> None:
    refused: list[str] = []

    def meanwhile(progress: ProgressReport) -> None:
        status = recorded.statuses(VIEW.name)[0]
        assert status.rebuild is not None
        assert (status.rebuild.processed, status.rebuild.total) == (progress.processed, progress.total)
        assert status.rebuild.step is progress.step
        try:
            again(recorded, VIEW)
        except BeingRebuilt as error:
            refused.append(str(error))

    again(recorded, VIEW, progress=meanwhile)
    assert refused[0] == "audit_trail is being rebuilt already"
    assert recorded.statuses(VIEW.name)[0].rebuild is None


def test_steps_after_loading_are_reported(recorded: World) -> None:
    """Steps without events report no remaining time."""
    recorded.apply()
    reports: list[ProgressReport] = []
    again(recorded, VIEW, progress=reports.append)
    steps = [progress.step for progress in reports]
    assert [step for step, _ in groupby(steps)] == list(RebuildStep)
    assert all(progress.seconds_remaining is None for progress in reports if progress.step in NO_EVENTS)
    assert reports[-1].summary.startswith("swapping, 100%, ")


def test_an_unknown_step_of_newer_code_is_none(recorded: World) -> None:
    steps: list[object] = []

    def meanwhile(progress: ProgressReport) -> None:
        with psycopg.connect(recorded.urls.worker) as connection:
            connection.execute("UPDATE projections.rebuilds SET step = 'POLISHING'")
        status = recorded.statuses(VIEW.name)[0].rebuild
        steps.append(status and status.step)

    again(recorded, VIEW, progress=meanwhile)
    assert set(steps) == {None}


def test_a_stopped_rebuild_leaves_the_served_rows(recorded: World) -> None:
    recorded.apply()
    served = recorded.all_rows()
    stop = Event()
    with pytest.raises(RebuildCancelled):
        again(recorded, VIEW, progress=lambda _: stop.set(), stop=stop)
    assert recorded.all_rows() == served
    assert asked(recorded, "SELECT view FROM projections.rebuilds") == []


def test_a_swap_waits_for_a_reader_that_holds_the_rows(recorded: World) -> None:
    recorded.apply()
    held = psycopg.connect(recorded.urls.api)
    held.execute("SELECT 1 FROM projections.audit_trail")
    rebuilding = Thread(target=again, args=(recorded, VIEW))
    rebuilding.start()
    recorded.wait(lambda status: status.rebuild is not None and status.rebuild.processed > 0, VIEW.name)
    held.rollback()
    rebuilding.join(30)
    assert not rebuilding.is_alive()
    held.close()
    nothing_is_left(recorded)
