"""A swap that stands in another's way, and the other in its: PostgreSQL ends one of them, and nothing is lost by it."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest

from projections.reading.view_status import ProgressReport
from projections.rebuilding import rebuild_attempt
from projections.rebuilding.rebuild import rebuild
from projections.tables.checkpoints import RebuildStep
from projections.views.deployment_requests import NAME, VIEW
from service.event_store.mapper import decode
from tests.projections.histories import Histories
from tests.projections.rebuilding.rebuilds import nothing_is_left
from tests.projections.world import World
from tests.waiting import until

HELD = "SELECT position FROM projections.checkpoints WHERE view = %s FOR UPDATE"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def test_a_swap_that_is_a_deadlock_victim_is_retried(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the view holds on to it, and waits for the checkpoint, which the swap gets first.

    PostgreSQL looks for a deadlock once a wait, so that the reader has to wait already when the swap comes to.
    """
    histories = Histories(83)
    world.append([histories.opening(), *histories.items(100)])
    world.apply()
    before = world.rows(VIEW.tables[0])
    monkeypatch.setattr(rebuild_attempt, "LOCK_LIMITS", (120.0,))
    monkeypatch.setattr(rebuild_attempt, "BREAK", 0.01)
    assert world.urls.superuser is not None
    with ExitStack() as stack:
        watch, reader, holder = (stack.enter_context(psycopg.connect(world.urls.superuser)) for _ in range(3))
        threads = stack.enter_context(ThreadPoolExecutor(2))
        held: list[object] = []
        watch.autocommit = True
        worker = f"mandate_worker IN DATABASE {watch.info.dbname}"
        watch.execute(f"ALTER ROLE {worker} SET deadlock_timeout = '10ms'".encode())
        reader.execute("SET deadlock_timeout = '10min'; SELECT count(*) FROM projections.deployment_requests")

        def hold(progress: ProgressReport) -> None:
            if progress.step is RebuildStep.SWAPPING and not held:
                held.append(holder.execute(HELD, [NAME]))

        rebuilt = threads.submit(rebuild, VIEW, world.urls.worker, decode, hold)
        until(lambda: watch.execute(WAITING).fetchone() == (1,))
        read = threads.submit(lambda: reader.execute(HELD, [NAME]).fetchone())
        until(lambda: watch.execute(WAITING).fetchone() == (2,))
        holder.rollback()
        assert read.result(60) == (world.store.head()[0],)
        reader.rollback()
        assert rebuilt.result(60).position == world.store.head()[0]
        until(lambda: watch.execute(DEADLOCKS).fetchone() == (1,))
    assert world.rows(VIEW.tables[0]) == before
    nothing_is_left(world)
