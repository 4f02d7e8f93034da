"""A rebuild on the command line that is stopped ends at a consistent point and reports what it did."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import psycopg
import pytest

from projections.reading.view_status import ProgressReport
from projections.rebuilding import rebuild_attempt
from projections.rebuilding.progress import RebuildCancelled
from projections.rebuilding.rebuild import rebuild
from projections.rebuilding.rebuild_attempt import NotSwapped
from projections.tables.checkpoints import RebuildStep
from projections.views import deployment_requests
from service.event_store.mapper import decode
from tests.projections.rebuilding.rebuilds import nothing_is_left
from tests.projections.world import World

NAME = deployment_requests.NAME


@contextmanager
def held(world: World) -> Iterator[None]:
    """Somebody reads on and on: the copy is built, and cannot be swapped."""
    with psycopg.connect(world.urls.api, application_name="somebody") as reader:
        reader.execute(f"SELECT 1 FROM projections.{NAME}".encode())
        yield


def begun(world: World, *arguments: str) -> subprocess.Popen[str]:
    urls = {
        "MANDATE_DATABASE_URL": world.urls.api,
        "MANDATE_WORKER_DATABASE_URL": world.urls.worker,
        "MANDATE_OWNER_DATABASE_URL": world.urls.owner,
    }
    command = [sys.executable, "-m", "service.cli", "rebuild", *arguments]
    return subprocess.Popen(
        command, env={**os.environ, **urls}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def swapping(world: World) -> None:
    world.wait(lambda status: status.rebuild is not None and status.rebuild.step is RebuildStep.SWAPPING, NAME)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_rebuild_reports_it_and_leaves_nothing(recorded: World, number: int, status: int) -> None:
    with held(recorded):
        process = begun(recorded, NAME, "incidents")
        swapping(recorded)
        process.send_signal(number)
        output = process.communicate(timeout=30)
    assert process.returncode == status, output
    assert output[0] == ""
    assert output[1].splitlines() == [
        f"mandate: {NAME} is unchanged: it was stopped: if it was loading, the next rebuild resumes there",
        "mandate: not started: incidents",
    ]
    nothing_is_left(recorded)


def test_a_swap_before_the_stop_is_reported(recorded: World) -> None:
    """A swap that has begun is completed or given up, and reported as such."""
    stop = Event()

    def progress(report: ProgressReport) -> None:
        if report.step is RebuildStep.SWAPPING:
            stop.set()

    assert rebuild(deployment_requests.VIEW, recorded.urls.worker, decode, progress, stop).position > 0
    with pytest.raises(RebuildCancelled, match="stopped"):
        rebuild(deployment_requests.VIEW, recorded.urls.worker, decode, stop=stop)


def test_the_session_that_blocks_the_swap_is_named(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild_attempt, "TRIES", 2)
    seen: list[str] = []
    with held(recorded), pytest.raises(NotSwapped, match=r"by mandate_api \(somebody, pid \d+\)"):
        rebuild(deployment_requests.VIEW, recorded.urls.worker, decode, lambda progress: seen.append(progress.summary))
    assert "waits for mandate_api (somebody, pid " in seen[-1]
