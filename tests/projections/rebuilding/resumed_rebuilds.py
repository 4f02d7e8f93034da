"""Rebuilds that are stopped and resumed."""

from threading import Event

import pytest

from projections.reading.view_status import ProgressReport
from projections.rebuilding.progress import RebuildCancelled
from projections.tables import rebuild_copies
from projections.tables.view import View
from projections.views.audit_trail import VIEW
from tests.projections.rebuilding.rebuilds import again, asked
from tests.projections.world import World


def stopped(world: World, view: View = VIEW, after: int = 3) -> int:
    """How many events one had loaded that was stopped after so many parts."""
    stop, seen = Event(), list[int]()

    def progress(report: ProgressReport) -> None:
        seen.append(report.processed)
        if len(seen) > after:
            stop.set()

    with pytest.raises(RebuildCancelled):
        again(world, view, progress=progress, stop=stop)
    return loaded(world, view)


def loaded(world: World, view: View = VIEW) -> int:
    """Events that the copy holds, by its own account."""
    tables = f"{rebuild_copies.loaded} p JOIN {rebuild_copies.table} c ON c.id = p.copy"
    asked_for = f"SELECT coalesce(sum(events), 0)::int FROM {tables}"
    return int(asked(world, f"{asked_for} WHERE c.view = '{view.name}'")[0][0])
