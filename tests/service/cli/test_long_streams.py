"""Streams that are too long to be kept at once: they are read in parts, or not looked at, and never kept whole."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.recorded_event import Recorded
from projections.catalogue import VIEWS
from projections.following import replay as replaying
from projections.following.leadership import connect
from projections.following.replay import LogReplay
from projections.following.row_writer import LIVE
from projections.rebuilding.repair import repair
from projections.rebuilding.store_check import UnreadableStore, check
from projections.rebuilding.verification import check_sample
from projections.tables.view import View
from projections.views import deployment_requests, situation
from service.event_store.mapper import decode
from tests.projections.following.parking import as_folded, longest
from tests.projections.world import World
from tests.service.cli.tampering import take_out

VIEW = deployment_requests.VIEW
MANY = 3
"""Events of a stream that are kept at once, here."""


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "LONGEST", MANY)
    monkeypatch.setattr(replaying, "BLOCK", MANY)


class Counted(LogReplay):
    """How many events were read of each stream."""

    read: dict[UUID, int]

    def _batches(self, *asked: Any) -> Iterator[list[tuple[Recorded[Any], int]]]:
        for batch in super()._batches(*asked):
            stream = batch[0][0].stream
            self.read[stream] = self.read.get(stream, 0) + len(batch)
            yield batch


def folding(most: list[int], view: View) -> View:
    """The view; the most events that are folded at once are noted."""

    def fold(state: Any, events: Sequence[Recorded[Any]]) -> Any:
        most[0] = max(most[0], len(events))
        return view.fold(state, events)

    return replace(view, fold=fold)


def test_a_sample_reads_long_streams_only_as_far_as_needed(recorded: World) -> None:
    with connect(recorded.urls.worker, "a test") as connection:
        replay = Counted(connection, decode, recorded.store.head()[0])
        replay.read = {}
        for _ in range(5):
            check_sample(connection, VIEW, LIVE, replay, recorded.store.head()[0])
            assert max(replay.read.values()) <= 2 * MANY
            replay.read.clear()


def test_a_sample_skips_excluded_streams(recorded: World) -> None:
    every = {each.stream for each in recorded.log()}
    with connect(recorded.urls.worker, "a test") as connection:
        replay = Counted(connection, decode, recorded.store.head()[0])
        replay.read = {}
        assert check_sample(connection, VIEW, LIVE, replay, recorded.store.head()[0], every) == 0
    assert replay.read == {}


@pytest.mark.parametrize("view", [VIEW, situation.VIEW], ids=lambda view: view.name)
def test_rows_of_long_streams_are_repaired_in_parts(recorded: World, view: View) -> None:
    most, stream = [0], longest(recorded)[0].stream
    assert repair(folding(most, view), recorded.urls.worker, decode, stream) == len(longest(recorded))
    assert most == [MANY]
    assert as_folded(recorded, view)


def test_long_streams_are_checked_in_parts(recorded: World) -> None:
    most = [0]
    checked = check(recorded.urls.worker, decode, views=[folding(most, view) for view in VIEWS])
    assert checked.events == recorded.store.head()[0]
    assert checked.streams == len({each.stream for each in recorded.log()})
    assert most == [MANY]


def test_a_deleted_event_of_a_long_stream_is_reported(recorded: World) -> None:
    taken = longest(recorded)[MANY + 1]
    take_out(recorded, taken)
    with pytest.raises(
        UnreadableStore, match=f"{taken.stream} has no version {taken.version}: {taken.version + 1} comes next"
    ):
        check(recorded.urls.worker, decode)
