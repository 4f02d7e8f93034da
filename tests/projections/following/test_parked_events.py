"""An event that a fold cannot apply parks its stream: it is reported, and other streams continue."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from domain.deployment_request.state import DeploymentRequest
from domain.vocabulary import SYSTEM
from projections.catalogue import VIEWS
from projections.following import stream_ranges
from projections.following.follower import view_consumer
from projections.following.leadership import OtherVersion
from projections.following.parked_events import retry
from projections.following.row_writer import UnappliableEvent
from projections.reading.parked_streams import waiting_positions
from projections.reading.reader import ViewBehind
from projections.reading.view_status import ProgressReport
from projections.rebuilding.rebuild import verify
from projections.rebuilding.verification import RowsDiffer
from projections.tables.checkpoints import FollowerState
from projections.tables.view import View
from projections.views.deployment_requests import by_ids
from service.event_store.mapper import decode
from tests.projections.following.parking import VIEW, as_folded, follow_to_the_end, found, longest, unable
from tests.projections.histories import Histories
from tests.projections.rebuilding.rebuilds import again
from tests.projections.world import World

NAME = VIEW.name


@pytest.fixture
def histories() -> Histories:
    return Histories(81)


@pytest.fixture
def recorded(world: World, histories: Histories) -> World:
    world.append([histories.opening(), histories.endpoint(), *histories.items(120)])
    return world


def appended(world: World, histories: Histories) -> int:
    """The position of one more event that the view keeps."""
    while True:
        before = world.store.head()[0]
        world.append(histories.items(1))
        for each in world.log()[before:]:
            if VIEW.keeps(each):
                return each.position


def waiting(world: World, stream: UUID) -> list[int]:
    return world.ask(SYSTEM, lambda _: waiting_positions(NAME, stream))


def test_a_parked_stream_waits_in_order_and_others_continue(recorded: World) -> None:
    poisoned = longest(recorded)
    follow_to_the_end(recorded, unable(poisoned[1].position))
    [one] = found(recorded)
    assert (one.view, one.stream, one.position) == (NAME, poisoned[0].stream, poisoned[1].position)
    assert "poison at" in one.error
    assert waiting(recorded, one.stream) == [each.position for each in poisoned[1:]]
    status = recorded.statuses(NAME)[0]
    assert (status.parked, status.lag, status.last_error) == (1, 0, one.error)
    rows = dict.fromkeys(row[0].split(",")[0] for row in recorded.rows(VIEW.tables[0]))
    assert len(rows) == len({each.stream for each in recorded.log() if VIEW.keeps(each)})


def test_a_retry_succeeds_only_once_the_fold_is_fixed(recorded: World, histories: Histories) -> None:
    poisoned = longest(recorded)
    first, second = poisoned[1].position, poisoned[2].position
    follow_to_the_end(recorded, unable(first, second))
    stream = poisoned[0].stream
    in_vain = retry(unable(first), recorded.urls.worker, decode, stream)
    assert (in_vain.applied, in_vain.error is None) == (0, False)
    half = retry(unable(second), recorded.urls.worker, decode, stream)
    assert half.applied == 1
    assert found(recorded)[0].position == second
    assert recorded.statuses(NAME)[0].last_error == half.error
    recorded.append(histories.items(20))
    with recorded.following(view_consumer(VIEW)):
        mended = retry(VIEW, recorded.urls.worker, decode, stream)
        recorded.append(histories.items(20))
        recorded.reach(NAME, recorded.store.head()[0])
    assert (mended.error, mended.applied >= len(poisoned) - 2) == (None, True)
    assert found(recorded) == []
    status = recorded.statuses(NAME)[0]
    assert (status.parked, status.last_error, status.state) == (0, None, FollowerState.STOPPED)
    assert as_folded(recorded)


def test_a_query_that_needs_a_parked_event_raises_view_behind(recorded: World) -> None:
    """atLeast a parked event, and as of an instant after one: never an answer that leaves it out in silence."""
    poisoned = longest(recorded)
    follow_to_the_end(recorded, unable(poisoned[1].position))
    log = recorded.log()

    def ask(**options: Any) -> list[DeploymentRequest]:
        return recorded.ask(SYSTEM, lambda sight: by_ids(sight, [poisoned[0].stream]), **options)

    assert ask()[0].version == 1
    assert ask(at_least=poisoned[1].position - 1)
    assert ask(as_of=log[poisoned[1].position - 2].recorded_at)
    for options in ({"at_least": poisoned[-1].position}, {"as_of": poisoned[1].recorded_at}):
        with pytest.raises(ViewBehind):
            ask(**options)
    retry(VIEW, recorded.urls.worker, decode, poisoned[0].stream)
    assert ask(at_least=poisoned[-1].position)[0].version == len(poisoned)


def test_code_of_another_version_applies_nothing(recorded: World) -> None:
    poisoned = longest(recorded)
    follow_to_the_end(recorded, unable(poisoned[1].position))
    with pytest.raises(OtherVersion):
        retry(replace(VIEW, version=VIEW.version + 1), recorded.urls.worker, decode, poisoned[0].stream)
    assert len(found(recorded)) == 1


def test_a_rebuild_with_the_fixed_fold_leaves_nothing_parked(recorded: World) -> None:
    """What waits is known to differ: it stands in the way of no swap."""
    follow_to_the_end(recorded, unable(longest(recorded)[1].position))
    comparison = verify(VIEW, recorded.urls.worker, decode)
    assert comparison is not None
    assert (comparison.differing, comparison.parked) == (0, 1)
    again(recorded, VIEW)
    assert found(recorded) == []
    assert recorded.statuses(NAME)[0].parked == 0
    assert as_folded(recorded)


@pytest.mark.parametrize("part", [stream_ranges.EVENTS, 20], ids=["at once", "in parts"])
def test_events_that_a_rebuild_cannot_apply_stay_parked(
    recorded: World, histories: Histories, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """Its rows are those before the event, and what comes after it waits; the fold may be mended by halves."""
    monkeypatch.setattr(stream_ranges, "EVENTS", part)
    poisoned = longest(recorded)
    first, second = poisoned[1].position, poisoned[3].position
    follow_to_the_end(recorded, unable(first, second))
    before, since = recorded.all_rows([VIEW]), found(recorded)[0].parked_at
    again(recorded, unable(first, second))
    assert recorded.all_rows([VIEW]) == before
    again(recorded, unable(second))
    [one] = found(recorded)
    assert (one.stream, one.position, one.parked_at) == (poisoned[0].stream, second, since)
    assert waiting(recorded, one.stream) == [each.position for each in poisoned[3:]]
    status = recorded.statuses(NAME)[0]
    assert (status.parked, status.last_error) == (1, one.error)
    recorded.append(histories.items(60))
    follow_to_the_end(recorded, unable(second))
    again(recorded, unable(second))
    later = [each.position for each in recorded.log() if each.stream == one.stream and each.position >= second]
    assert waiting(recorded, one.stream) == later
    assert retry(VIEW, recorded.urls.worker, decode, one.stream).error is None
    assert as_folded(recorded)


def test_streams_parked_during_a_rebuild_are_parked_after_it(recorded: World, histories: Histories) -> None:
    """Of a request that nothing was wrong with until then."""
    recorded.apply([VIEW])
    poison = appended(recorded, histories)
    faulty = unable(poison)

    def follow(_: ProgressReport) -> None:
        if recorded.statuses(NAME)[0].lag:
            follow_to_the_end(recorded, faulty)

    again(recorded, faulty, progress=follow)
    [one] = found(recorded)
    assert one.position == poison
    assert retry(VIEW, recorded.urls.worker, decode, one.stream).error is None
    assert as_folded(recorded)


def test_a_rebuild_that_would_lose_a_served_stream_is_refused(recorded: World) -> None:
    recorded.apply([VIEW])
    before = recorded.all_rows([VIEW])
    with pytest.raises(UnappliableEvent, match="poison at"):
        again(recorded, unable(longest(recorded)[1].position))
    assert recorded.all_rows([VIEW]) == before
    assert found(recorded) == []


def test_a_stream_repaired_meanwhile_is_not_parked_again(recorded: World) -> None:
    poisoned = longest(recorded)
    faulty = unable(poisoned[1].position)
    follow_to_the_end(recorded, faulty)

    def mend(report: ProgressReport) -> None:
        if report.processed:
            retry(VIEW, recorded.urls.worker, decode, poisoned[0].stream)

    with pytest.raises((UnappliableEvent, RowsDiffer)):
        again(recorded, faulty, progress=mend)
    assert found(recorded) == []
    assert as_folded(recorded)


@pytest.mark.parametrize("view", [view for view in VIEWS if not view.parks], ids=lambda view: view.name)
def test_a_view_with_parks_false_stops_instead(recorded: World, view: View) -> None:
    poison = next(each.position for each in recorded.log() if view.keeps(each) and each.position > 10)
    with recorded.following(view_consumer(unable(poison, view=view))):
        failed = recorded.wait(lambda status: status.state is FollowerState.FAILED, view.name)
    assert (failed.position, failed.parked) == (poison - 1, 0)
    assert f"poison at {poison}" in str(failed.last_error)
    assert found(recorded) == []


@pytest.mark.parametrize("part", [stream_ranges.EVENTS, 20], ids=["at once", "in parts"])
def test_a_new_view_is_built_without_the_events_that_cannot_be_applied(
    recorded: World, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(stream_ranges, "EVENTS", part)
    poisoned = longest(recorded)
    assert again(recorded, unable(poisoned[1].position)).comparison is None
    [one] = found(recorded)
    assert (one.stream, one.position) == (poisoned[0].stream, poisoned[1].position)
    assert waiting(recorded, one.stream) == [each.position for each in poisoned[1:]]
    assert retry(VIEW, recorded.urls.worker, decode, one.stream).error is None
    assert as_folded(recorded)


def test_a_rebuild_parks_events_as_a_follower_does(recorded: World, histories: Histories) -> None:
    """Nobody could apply it better. Of a raised version, nobody else goes on: its follower waits for the rebuild."""
    recorded.apply()
    poison = appended(recorded, histories)
    faulty = replace(unable(poison), version=VIEW.version + 1)
    assert again(recorded, faulty).position == recorded.store.head()[0]
    [one] = found(recorded)
    assert one.position == poison
    status = recorded.statuses(NAME)[0]
    assert (status.parked, status.last_error, status.version) == (1, one.error, faulty.version)
    follow_to_the_end(recorded, faulty)
    assert retry(faulty, recorded.urls.worker, decode, one.stream).applied == 0
    again(recorded, replace(VIEW, version=faulty.version))
    assert found(recorded) == []
