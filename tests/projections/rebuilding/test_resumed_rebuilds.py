"""Rebuilds that are stopped or killed while they load, and gone on with; loaded by several processes side by side."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from domain.recorded_event import Recorded
from projections.following import stream_ranges
from projections.following.row_writer import UnappliableEvent
from projections.reading.view_status import ProgressReport
from projections.rebuilding.parallel_load import LoaderLost
from projections.rebuilding.progress import RebuildCancelled
from projections.rebuilding.rebuild import discard, rebuild, verify
from projections.rebuilding.rebuild_queue import cancel
from projections.tables.view import View
from projections.views.audit_trail import VIEW
from service.errors import CorruptEvent
from service.event_store.mapper import decode
from tests.projections.histories import Histories
from tests.projections.rebuilding.killed_rebuilds import CHOSEN, begun, ended
from tests.projections.rebuilding.rebuilds import again, asked, nothing_is_left
from tests.projections.rebuilding.resumed_rebuilds import loaded, stopped
from tests.projections.world import World
from tests.waiting import until

EVENTS = 20
"""Of a part, about."""
UNREADABLE = 30
FILLERS_AND_TRACKER = 3
"""Of what they share, multiprocessing keeps account in a process of its own."""


@pytest.fixture
def histories() -> Histories:
    return Histories(52)


@pytest.fixture
def recorded(world: World, histories: Histories, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(stream_ranges, "EVENTS", EVENTS)
    world.append([histories.opening(), *histories.items(150)])
    world.apply()
    yield world
    again(world, VIEW)
    nothing_is_left(world)


def whole(world: World, view: View = VIEW) -> int:
    return sum(view.keeps(each) for each in world.log())


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_stopped_rebuild_is_resumed(recorded: World, jobs: int) -> None:
    served = recorded.all_rows()
    for view in CHOSEN:
        before = stopped(recorded, view)
        assert 0 < before < whole(recorded, view)
        assert recorded.all_rows() == served
        assert again(recorded, view, jobs=jobs).processed == whole(recorded, view) - before
        assert recorded.all_rows() == served


def test_a_resumed_rebuild_reads_the_events_since(recorded: World, histories: Histories) -> None:
    before, stood = stopped(recorded), whole(recorded)
    recorded.append(histories.items(5))
    recorded.apply()
    rebuilt = again(recorded, VIEW)
    assert rebuilt.processed == whole(recorded) - before > stood - before
    assert rebuilt.comparison is not None
    assert rebuilt.comparison.differing == 0


def test_a_copy_that_is_far_behind_is_started_again(recorded: World, histories: Histories) -> None:
    stopped(recorded)
    recorded.append(histories.items(40))
    recorded.apply()
    assert again(recorded, VIEW).processed == whole(recorded)


@pytest.mark.parametrize("change", ["code = 'of yesterday'", "version = version - 1"])
def test_a_rebuild_by_other_code_starts_again(recorded: World, change: str) -> None:
    stopped(recorded)
    with psycopg.connect(recorded.urls.worker) as connection:
        connection.execute(f"UPDATE projections.copies SET {change}".encode())
    assert again(recorded, VIEW).processed == whole(recorded)


def test_a_stopped_verification_is_resumed(recorded: World) -> None:
    stopped(recorded)
    found = verify(VIEW, recorded.urls.worker, decode)
    assert found is not None
    assert found.differing == 0
    nothing_is_left(recorded)


def test_a_rebuild_stopped_after_loading_leaves_nothing(recorded: World) -> None:
    stop = Event()
    with pytest.raises(RebuildCancelled):
        again(recorded, replace(VIEW, derive=lambda *_: stop.set()), stop=stop)
    nothing_is_left(recorded)


def test_the_data_of_a_stopped_rebuild_can_be_discarded(recorded: World) -> None:
    assert not discard(VIEW, recorded.urls.worker)
    stopped(recorded)
    assert discard(VIEW, recorded.urls.worker)
    nothing_is_left(recorded)


def test_a_killed_rebuild_is_resumed(recorded: World) -> None:
    for jobs in (1, 2):
        process = begun(recorded, VIEW, jobs, EVENTS, 1)
        assert process.stdout is not None
        while int(process.stdout.readline()) == 0:
            pass
        kill(recorded, process)
        before = loaded(recorded)
        assert 0 < before < whole(recorded)
        assert again(recorded, VIEW).processed == whole(recorded) - before


def kill(world: World, process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()
    ended(world)


def test_cancelling_a_killed_rebuild_does_not_cancel_the_next(recorded: World) -> None:
    process = begun(recorded, VIEW, 1, EVENTS, 0)
    assert cancel(recorded.urls.worker, [VIEW.name]) == [VIEW.name]
    kill(recorded, process)
    assert asked(recorded, "SELECT 1 FROM projections.rebuilds")
    assert cancel(recorded.urls.worker, [VIEW.name]) == []
    assert again(recorded, VIEW).comparison is not None
    nothing_is_left(recorded)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")
def test_a_keyboard_interrupt_is_handled_by_the_first_process_only(recorded: World) -> None:
    """However early: those that it began are still importing. It stands still before it could be done."""
    command = [sys.executable, "-m", "tests.projections.rebuilding.rebuild_process", recorded.urls.worker, VIEW.name]
    process = subprocess.Popen(
        [*command, "2", str(EVENTS), "1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: len(children.read_text().split()) == FILLERS_AND_TRACKER)
    os.killpg(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGCONT)
    _, said = process.communicate(timeout=60)
    assert said.count("Traceback") == 1, said
    assert "spawn" not in said


def test_several_processes_make_the_same_rows(recorded: World) -> None:
    served = recorded.all_rows()
    for view in CHOSEN:
        assert again(recorded, view, jobs=2).processed == whole(recorded, view)
    assert recorded.all_rows() == served


def test_a_process_that_is_killed_is_reported_and_nothing_is_lost(recorded: World) -> None:
    def kill(progress: ProgressReport) -> None:
        if progress.processed:
            for process in multiprocessing.active_children():
                process.kill()
                process.join()

    with pytest.raises(LoaderLost, match="the next rebuild resumes from what is loaded"):
        again(recorded, VIEW, jobs=2, progress=kill)
    before = loaded(recorded)
    assert before > 0
    assert again(recorded, VIEW, jobs=2).processed == whole(recorded) - before


def decode_but_one(row: Sequence[Any]) -> Recorded[Any]:
    if row[0] == UNREADABLE:
        raise CorruptEvent(f"the event at position {UNREADABLE} cannot be read")
    return decode(row)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_unreadable_event_is_reported_alike_by_every_process(recorded: World, jobs: int) -> None:
    with pytest.raises(CorruptEvent, match=f"the event at position {UNREADABLE}"):
        rebuild(VIEW, recorded.urls.worker, decode_but_one, jobs=jobs)
    nothing_is_left(recorded)


def test_an_unappliable_event_of_another_process_is_reported_in_full(world: World) -> None:
    world.append([Histories(1).opening()])
    recorded = world.log()[0]
    error = UnappliableEvent("incidents", recorded, recorded.stream, "why")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.position, again.subject) == (str(error), error.position, error.subject)
