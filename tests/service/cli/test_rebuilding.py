"""The worker's rebuilds: asked for, or called for by a raised version; refused, cancelled, and taken over."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from domain.vocabulary import SYSTEM
from projections.following.follower import view_consumer
from projections.following.replay import count
from projections.rebuilding import rebuild_attempt, rebuild_queue
from projections.rebuilding.progress import RebuildCancelled
from projections.rebuilding.rebuild import rebuild
from projections.rebuilding.rebuild_queue import RebuildEnd, RebuildOutcome
from projections.tables.checkpoints import FollowerState
from service.event_store.mapper import decode
from tests.projections.histories import Histories
from tests.projections.rebuilding.rebuilds import nothing_is_left
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.edits import edit
from tests.service.cli.rebuilds import NAME, RAISED, VIEW, ask, orders, working
from tests.waiting import until


def ends(world: World) -> list[RebuildEnd]:
    return world.ask(SYSTEM, lambda _: rebuild_queue.ended())


def ended(world: World, outcome: RebuildOutcome) -> RebuildEnd:
    until(lambda: [each.outcome for each in ends(world)] == [outcome])
    assert orders(world) == []
    if outcome is not RebuildOutcome.CANCELLED:
        nothing_is_left(world)
    return ends(world)[0]


def test_a_requested_rebuild_is_executed(recorded: World) -> None:
    served = recorded.all_rows([VIEW])
    with working(recorded.urls.worker):
        ask(recorded)
        found = ended(recorded, RebuildOutcome.SWAPPED)
    assert (found.view, found.version, found.differing) == (NAME, VIEW.version, 0)
    assert recorded.all_rows([VIEW]) == served


def test_a_rebuild_requested_without_a_worker_is_executed_later(recorded: World) -> None:
    ask(recorded)
    ask(recorded)
    ask(recorded, "nothing of this name")
    assert orders(recorded) == [NAME]
    with working(recorded.urls.worker):
        ended(recorded, RebuildOutcome.SWAPPED)


def test_rows_that_differ_are_kept_and_reported(recorded: World, run: Run) -> None:
    edit(recorded)
    edited = recorded.all_rows([VIEW])
    with working(recorded.urls.worker):
        ask(recorded)
        found = ended(recorded, RebuildOutcome.REFUSED)
    assert found.differing == 1
    assert "questioned is true, should be false" in found.summary
    assert recorded.all_rows([VIEW]) == edited
    assert "refused. deployment_requests: 1 row differs" in run("status").stdout


def test_a_raised_version_is_built_while_the_old_rows_are_served(recorded: World, histories: Histories) -> None:
    """Its follower writes nothing into rows of the older version, and goes on when they are of its own."""
    recorded.append(histories.items(20))
    before = recorded.all_rows([VIEW])
    with recorded.following(view_consumer(RAISED)):
        until(lambda: sessions(recorded, f"mandate follower {NAME}"))
        assert not recorded.statuses(NAME)[0].led
        assert recorded.all_rows([VIEW]) == before
        with working(recorded.urls.worker, RAISED):
            found = ended(recorded, RebuildOutcome.SWAPPED)
            recorded.append(histories.items(20))
            recorded.wait(lambda status: status.led and status.state is FollowerState.RUNNING, NAME)
            recorded.reach(NAME, recorded.store.head()[0])
    assert recorded.statuses(NAME)[0].version == RAISED.version
    assert found.differing > 0


def test_a_follower_of_the_older_version_writes_nothing_once_it_is_swapped(
    recorded: World, histories: Histories
) -> None:
    with recorded.following(view_consumer(VIEW)):
        recorded.wait(lambda status: status.led, NAME)
        rebuild(RAISED, recorded.urls.worker, decode)
        position = recorded.statuses(NAME)[0].position
        recorded.append(histories.items(20))
        recorded.wait(lambda status: not status.led, NAME)
        assert recorded.statuses(NAME)[0].position == position


def test_a_newer_view_is_left_to_newer_workers(recorded: World) -> None:
    rebuild(RAISED, recorded.urls.worker, decode)
    ask(recorded)
    with working(recorded.urls.worker):
        until(lambda: sessions(recorded, "mandate rebuilds"))
    assert orders(recorded) == [NAME]
    assert recorded.statuses(NAME)[0].version == RAISED.version


def test_a_cancelled_rebuild_is_not_started_again(recorded: World) -> None:
    """It is held up at the swap by a reader, so that there is something to cancel."""
    with psycopg.connect(recorded.urls.api) as reader:
        reader.execute(f"SELECT 1 FROM {VIEW.tables[0]}".encode())
        with working(recorded.urls.worker):
            ask(recorded)
            recorded.wait(lambda status: status.rebuild is not None, NAME)
            assert rebuild_queue.cancel(recorded.urls.worker, [NAME]) == [NAME]
            ended(recorded, RebuildOutcome.CANCELLED)


def sessions(world: World, name: str) -> list[Any]:
    with psycopg.connect(world.urls.owner) as connection:
        found = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
        return connection.execute(found, [name]).fetchall()


@pytest.mark.parametrize("role", ["api", "worker"])
def test_the_api_may_only_request_rebuilds(recorded: World, role: str) -> None:
    with psycopg.connect(getattr(recorded.urls, role), autocommit=True) as connection:
        connection.execute("SELECT projections.ask_rebuild(%s)", [NAME])
        for statement in ("DELETE FROM projections.rebuild_orders", "UPDATE projections.rebuilds SET cancelled = true"):
            if role == "api":
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)
            else:
                connection.execute(statement)


def test_a_full_disk_is_reported_and_tried_again_later(recorded: World) -> None:
    """Not at once: a rebuild fills the disk again."""
    tries: list[str] = []

    def derive(connection: psycopg.Connection[Any], schema: str, _: object) -> None:
        tries.append(schema)
        connection.execute("DO $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$")

    ask(recorded)
    with working(recorded.urls.worker, replace(VIEW, derive=derive)):
        until(lambda: [each.outcome for each in ends(recorded)] == [RebuildOutcome.POSTPONED])
    assert "No space left on device" in ends(recorded)[0].summary
    assert len(tries) == 1
    assert orders(recorded) == [NAME]


def test_a_failed_swap_is_reported_and_retried(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild_attempt, "TRIES", 1)
    ask(recorded)
    with psycopg.connect(recorded.urls.api) as reader:
        reader.execute(f"SELECT 1 FROM {VIEW.tables[0]}".encode())
        with working(recorded.urls.worker):
            until(lambda: [each.outcome for each in ends(recorded)] == [RebuildOutcome.POSTPONED])
    assert orders(recorded) == [NAME]
    with psycopg.connect(recorded.urls.worker) as connection:
        connection.execute("UPDATE projections.rebuild_outcomes SET ended_at = ended_at - %s", [rebuild_queue.REST])
    with working(recorded.urls.worker):
        ended(recorded, RebuildOutcome.SWAPPED)


def test_a_cancelled_rebuild_of_a_raised_version_is_not_started_by_another_worker(recorded: World) -> None:
    with psycopg.connect(recorded.urls.api) as reader:
        reader.execute(f"SELECT 1 FROM {VIEW.tables[0]}".encode())
        with working(recorded.urls.worker, RAISED), working(recorded.urls.worker, RAISED):
            recorded.wait(lambda status: status.rebuild is not None, NAME)
            since = found_by(recorded, "SELECT clock_timestamp() - interval '1 hour'")
            rebuild_queue.cancel(recorded.urls.worker, [NAME])
            ended(recorded, RebuildOutcome.CANCELLED)
            with psycopg.connect(recorded.urls.worker) as connection:
                assert rebuild_queue.due(connection, {NAME: RAISED.version}, since) is None
                assert rebuild_queue.due(connection, {NAME: RAISED.version}, found_by(recorded, "SELECT now()")) == NAME


def found_by(world: World, statement: str) -> Any:
    with psycopg.connect(world.urls.worker) as connection:
        row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_rebuild_can_be_cancelled_from_its_start(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it counts what it has before it, too."""
    cancelled: list[list[str]] = []

    def counted(*arguments: Any) -> int:
        cancelled.append(rebuild_queue.cancel(recorded.urls.worker, [NAME]))
        return count(*arguments)

    monkeypatch.setattr(rebuild_attempt, "count", counted)
    with pytest.raises(RebuildCancelled):
        rebuild(VIEW, recorded.urls.worker, decode)
    assert cancelled == [[NAME]]
