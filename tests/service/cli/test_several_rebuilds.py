"""Several views, workers and versions: what is due is looked up before each rebuild, as much changes while one runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from projections.following.leadership import OtherVersion
from projections.rebuilding import rebuild_queue
from projections.rebuilding.rebuild import rebuild
from projections.rebuilding.rebuild_attempt import RebuildResult
from projections.tables.view import View
from projections.views import audit_trail, incidents
from service.event_store.mapper import decode
from service.processes import rebuild_worker
from tests.projections.world import World
from tests.service.cli.rebuilds import NAME, RAISED, VIEW, ask, orders, working
from tests.waiting import until


@contextmanager
def meanwhile(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> Iterator[list[str]]:
    """Something is done, once, when the first rebuild of a worker begins. Which views were built, in their order."""
    built: list[str] = []

    def noted(view: View, *arguments: Any, **options: Any) -> RebuildResult:
        built.append(view.name)
        if len(built) == 1:
            do()
        return rebuild(view, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(rebuild_worker, "rebuild", noted)
        yield built


def test_a_rebuild_cancelled_in_the_queue_does_not_start(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(recorded)
    ask(recorded, audit_trail.NAME)
    ask(recorded, incidents.NAME)
    with (
        meanwhile(monkeypatch, lambda: rebuild_queue.cancel(recorded.urls.worker, [audit_trail.NAME])) as built,
        working(recorded.urls.worker, VIEW, audit_trail.VIEW, incidents.VIEW),
    ):
        until(lambda: not orders(recorded))
    assert built == [NAME, incidents.NAME]


def test_rows_that_newer_code_has_built_meanwhile_stay(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = replace(audit_trail.VIEW, version=audit_trail.VIEW.version + 1)
    ask(recorded)
    ask(recorded, audit_trail.NAME)
    ask(recorded, incidents.NAME)
    with (
        meanwhile(monkeypatch, lambda: rebuild(newer, recorded.urls.worker, decode)) as built,
        working(recorded.urls.worker, VIEW, audit_trail.VIEW, incidents.VIEW),
    ):
        until(lambda: not orders(recorded))
    assert built == [NAME, incidents.NAME]
    assert recorded.statuses(audit_trail.NAME)[0].version == newer.version


def test_older_code_rebuilds_a_newer_view_only_with_go_back(recorded: World) -> None:
    rebuild(RAISED, recorded.urls.worker, decode)
    with pytest.raises(OtherVersion, match=f"of version {RAISED.version} already"):
        rebuild(VIEW, recorded.urls.worker, decode)
    rebuild(VIEW, recorded.urls.worker, decode, go_back=True)
    assert recorded.statuses(NAME)[0].version == VIEW.version


def test_a_view_is_built_by_one_worker_only(recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    raised = [replace(view, version=view.version + 1) for view in (VIEW, audit_trail.VIEW)]
    with (
        meanwhile(monkeypatch, lambda: [rebuild(view, recorded.urls.worker, decode) for view in raised]) as built,
        working(recorded.urls.worker, *raised, incidents.VIEW),
    ):
        until(lambda: len(built) == 1)
        ask(recorded, incidents.NAME)
        until(lambda: not orders(recorded))
    assert built[1:] == [incidents.NAME]
