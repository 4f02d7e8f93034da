"""Views that cannot apply an event, and park its stream."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST
from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM
from projections.following.follower import view_consumer
from projections.reading.parked_streams import Parked, parked
from projections.tables.view import Folded, View
from projections.views import deployment_requests
from tests.projections.rebuilding.empty_views import empty
from tests.projections.world import World

VIEW = deployment_requests.VIEW


def longest(world: World) -> list[Recorded[Any]]:
    """The request with the most events."""
    own: dict[UUID, list[Recorded[Any]]] = {}
    for each in world.log():
        if AGGREGATE_OF[type(each.event)] is DEPLOYMENT_REQUEST:
            own.setdefault(each.stream, []).append(each)
    return max(own.values(), key=len)


def unable(*positions: int, view: View = VIEW) -> View:
    """The view, but that its fold has a fault: it cannot apply the events at these positions."""

    def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
        for each in events:
            if each.position in positions:
                raise ValueError(f"poison at {each.position}")
        return view.fold(state, events)

    return replace(view, fold=fold)


def found(world: World) -> list[Parked]:
    return world.ask(SYSTEM, lambda _: parked())


def follow_to_the_end(world: World, view: View) -> None:
    with world.following(view_consumer(view)):
        world.reach(view.name, world.store.head()[0])


def as_folded(world: World, view: View = VIEW) -> bool:
    """Whether the rows are those that a fold of the whole log makes."""
    rows = world.all_rows([view])
    empty(world)
    world.apply([view])
    return rows == world.all_rows([view])
