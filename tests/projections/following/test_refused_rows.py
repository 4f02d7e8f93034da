"""Rows that a fold makes and the database refuses: an event that cannot be applied, as any other."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from domain.recorded_event import Recorded
from projections.following.row_writer import UnappliableEvent
from projections.rebuilding.rebuild import verify
from projections.tables.view import Folded, View
from projections.views.deployment_requests import VIEW
from service.event_store.mapper import decode
from tests.projections.following.parking import follow_to_the_end, found, longest
from tests.projections.histories import Histories
from tests.projections.rebuilding.rebuilds import again
from tests.projections.world import World


@pytest.fixture
def recorded(world: World) -> World:
    histories = Histories(83)
    world.append([histories.opening(), *histories.items(120)])
    return world


def refused(*positions: int, text: str = "not\x00written") -> View:
    """The view, but that the database refuses the rows that its fold makes of these events."""
    place = list(VIEW.tables[0].c.keys()).index("status")

    def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
        folded = VIEW.fold(state, events)
        table = VIEW.tables[0]
        made = [(*row[:place], text, *row[place + 1 :]) if row[2] in positions else row for row in folded.rows[table]]
        return replace(folded, rows={**folded.rows, table: made})

    return replace(VIEW, fold=fold)


TOO_LONG = "".join(map(chr, Random(1).choices(range(0x4E00, 0x9FFF), k=9000)))


@pytest.mark.parametrize("text", ["not\x00written", TOO_LONG])
def test_rows_that_the_database_refuses_are_parked_too(recorded: World, text: str) -> None:
    """Also those that are too long for an index, which the driver takes for a database that is away."""
    poisoned = longest(recorded)
    follow_to_the_end(recorded, refused(poisoned[1].position, text=text))
    [one] = found(recorded)
    assert (one.stream, one.position) == (poisoned[0].stream, poisoned[1].position)


def test_refused_rows_do_not_block_a_rebuild(recorded: World) -> None:
    poisoned = longest(recorded)
    faulty = refused(poisoned[1].position)
    follow_to_the_end(recorded, faulty)
    before = found(recorded)
    comparison = verify(faulty, recorded.urls.worker, decode)
    assert comparison is not None
    assert comparison.differing == 0
    again(recorded, faulty)
    [one] = found(recorded)
    assert (one.position, one.waiting) == (before[0].position, before[0].waiting)
    again(recorded, VIEW)
    assert found(recorded) == []


def test_a_rebuild_whose_served_rows_are_refused_fails(recorded: World) -> None:
    recorded.apply()
    poisoned = longest(recorded)
    with pytest.raises(UnappliableEvent, match=f"at position {poisoned[1].position}"):
        again(recorded, refused(poisoned[1].position))
