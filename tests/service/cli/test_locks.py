"""Followers that wait for locks: health names the lock and the session that holds it."""

import threading
from contextlib import suppress

import psycopg
import pytest

from service.processes.view_problems import HealthTolerance
from tests.projections.histories import Histories
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.watching import NAME, VIEW, Watch, holding
from tests.waiting import until


@pytest.mark.parametrize("mode", ["SHARE", "ACCESS EXCLUSIVE"])
def test_a_locked_table(followed: World, histories: Histories, watch: Watch, mode: str, run: Run) -> None:
    table = VIEW.tables[0]
    with holding(followed.urls.owner, f"LOCK TABLE {table} IN {mode} MODE", "a forgotten console"):
        followed.append(histories.items(30))
        watch.wait_for_problem(f"for a lock on {table.name}, which session 'a forgotten console' (pid ")
        assert "run 'mandate worker'" not in watch.problem()
        assert watch.problem(HealthTolerance(stuck_after=3600)) == ""
        health = watch.health()
        assert (health.is_ready, health.is_ready_for_reads, health.is_ready_for_commands) == (False, False, True)
        status = run("status")
        assert status.exit_code == 0, "the default allowance has not passed"
    watch.well()


def test_a_lock_of_rows(followed: World, histories: Histories, watch: Watch) -> None:
    """Here the checkpoint's own."""
    lock = f"SELECT FROM projections.checkpoints WHERE view = '{NAME}' FOR UPDATE"
    with holding(followed.urls.owner, lock, "a forgotten console"):
        followed.append(histories.items(30))
        watch.wait_for_problem("for a lock on checkpoints, which session 'a forgotten console' (pid ")
    watch.well()


def test_the_head_of_a_queue(followed: World, histories: Histories, watch: Watch) -> None:
    """Whoever waits before the follower holds nothing that could be let go."""
    table, done = VIEW.tables[0].name, threading.Event()
    with holding(followed.urls.owner, f"SELECT FROM projections.{table}", "an idle reader"):
        altering = threading.Thread(target=alter, args=(followed.urls.owner, table, done))
        altering.start()
        try:
            until(lambda: QUEUED in sessions(followed.urls.owner))
            followed.append(histories.items(30))
            watch.wait_for_problem(f"for a lock on {table}, which session 'an idle reader' (pid ")
        finally:
            done.set()
            altering.join()
    watch.well()


QUEUED = ("an impatient migration", "Lock")


def sessions(url: str) -> list[tuple[str, str]]:
    """Each session's name, and what it waits for."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT application_name, wait_event_type FROM pg_stat_activity")
        return [(row[0], row[1]) for row in found]


def alter(url: str, table: str, done: threading.Event) -> None:
    """Waits in vain for the table, until it is done."""
    with psycopg.connect(url, application_name=QUEUED[0]) as connection:

        def cancel() -> None:
            done.wait(60)
            connection.cancel_safe()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with suppress(psycopg.errors.QueryCanceled):
            connection.execute(f"LOCK TABLE projections.{table} IN ACCESS EXCLUSIVE MODE".encode())
        connection.rollback()
        canceller.join()


def test_a_follower_that_gave_up_waiting(recorded: World, histories: Histories, watch: Watch) -> None:
    """Nobody leads between two tries, and the advice is still to end the session that is in the way."""
    table = VIEW.tables[0]
    with holding(recorded.urls.owner, f"LOCK TABLE {table} IN SHARE MODE", "a forgotten console"):
        recorded.append(histories.items(30))
        watch.wait_for_problem(f"for a lock on {table.name}, which session 'a forgotten console' (pid ")
        assert not recorded.statuses(NAME)[0].led
