"""Several views one after the other: what keeps one from being done is said of it alone, and the others are done."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import psycopg
import pytest

from projections.reading.view_status import REBUILDS
from projections.rebuilding import rebuild_queue
from projections.views import audit_trail, deployment_requests, incidents, situation
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.edits import edit

FIRST, SECOND, THIRD = deployment_requests.NAME, incidents.NAME, situation.NAME


@contextmanager
def rebuilding(world: World, view: str) -> Iterator[None]:
    """Another builds this view again, as far as others can see."""
    with psycopg.connect(world.urls.worker, autocommit=True) as another:
        another.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [REBUILDS, view])
        yield


@pytest.mark.parametrize(
    ("command", "left"),
    [("rebuild", "is unchanged"), ("rebuild --dry-run", "was not compared"), ("verify", "was not compared")],
)
def test_a_view_that_another_process_builds_is_named_and_the_rest_is_built(
    run: Run, recorded: World, command: str, left: str
) -> None:
    with rebuilding(recorded, SECOND):
        result = run(*command.split(), FIRST, SECOND, THIRD)
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines() if line] == [FIRST, THIRD]
    assert result.stderr.splitlines() == [f"mandate: {SECOND} {left}: {SECOND} is being rebuilt already"]


def test_a_view_that_differs_is_refused_and_the_rest_is_built(run: Run, recorded: World) -> None:
    edit(recorded)
    with rebuilding(recorded, SECOND):
        result = run("rebuild", FIRST, SECOND, THIRD)
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines() if line] == [THIRD]
    for line in (f"not swapped: {FIRST}: 1 row differs", f"{SECOND} is unchanged: ", "--accept-differences' swaps"):
        assert line in result.stderr


def test_cancelling_one_view_ends_the_command(run: Run, recorded: World) -> None:
    """Whoever cancels wants peace: what was not begun is not begun, and is named."""

    def cancel() -> None:
        recorded.wait(lambda status: status.rebuild is not None, SECOND)
        assert rebuild_queue.cancel(recorded.urls.worker, [SECOND]) == [SECOND]

    another = Thread(target=cancel)
    with psycopg.connect(recorded.urls.api) as reader:
        reader.execute(f"SELECT 1 FROM {incidents.VIEW.tables[0]}".encode())
        another.start()
        result = run("rebuild", FIRST, SECOND, THIRD, audit_trail.NAME)
    another.join()
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines() if line] == [FIRST]
    cancelled, left = result.stderr.splitlines()
    assert cancelled.startswith(f"mandate: {SECOND} is unchanged: ")
    assert left == f"mandate: not started: {THIRD}, {audit_trail.NAME}"


def test_rows_of_one_stream_are_rebuilt_in_each_view_that_supports_it(run: Run, recorded: World) -> None:
    with psycopg.connect(recorded.urls.worker) as connection:
        connection.execute("UPDATE projections.checkpoints SET version = version + 1 WHERE view = %s", [FIRST])
        row = connection.execute("SELECT id FROM projections.deployment_requests LIMIT 1").fetchone()
    assert row is not None
    result = run("rebuild", "--stream", str(row[0]))
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [audit_trail.NAME, THIRD]
    [line] = result.stderr.splitlines()
    assert line.startswith(f"mandate: {FIRST} is unchanged: ")
