"""Judging an order on states at hand: what it records or why it is refused, and where its events are to stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from domain import authority
from domain.catalogue import AGGREGATES, Aggregate
from domain.deciding import Context, Opening, Step, decide, open_with
from domain.numbering import NumberAssigned
from domain.recorded import CommandRef
from domain.refusals import NotFound, Refusal
from service.items import Place, Unrecorded
from service.orders import Order
from service.randomness import random_id
from service.states import version_of

Route = Step[Any, Any, Any] | Opening[Any, Any, Any]
Written = tuple[UUID, Any]
"""A stream, and an event that is to be recorded in it."""

_ROUTES: Final[dict[type[Any], tuple[Aggregate, Route]]] = {
    **{step.command: (aggregate, step) for aggregate in AGGREGATES for step in aggregate.steps},
    **{opening.command: (aggregate, opening) for aggregate in AGGREGATES for opening in aggregate.openings},
}


def aggregate_of(command: type[Any]) -> Aggregate:
    """What a kind of command is about."""
    return _ROUTES[command][0]


@dataclass(slots=True)
class Attempt:
    """An order on its way: its subject, when it is decided, and the states that the decision rests on."""

    order: Order
    aggregate: Aggregate
    route: Route
    subject: UUID
    now: datetime
    states: dict[UUID, Any] = field(default_factory=dict)

    @classmethod
    def begin(cls, order: Order, now: datetime) -> Self:
        """Raises ValueError where a command that needs a subject has none."""
        aggregate, route = _ROUTES[type(order.command)]
        if isinstance(route, Opening) and route.stream_of is not None:
            return cls(order, aggregate, route, route.stream_of(order.command), now)
        if isinstance(route, Opening):
            subject = order.subject or random_id()
            return cls(order, aggregate, route, subject, now, {subject: None})
        if order.subject is None:
            raise ValueError(f"{type(order.command).__name__} needs a subject")
        return cls(order, aggregate, route, order.subject, now)

    @property
    def state(self) -> Any:
        return self.states[self.subject]

    @property
    def context(self) -> Context:
        return Context(actor=self.order.actor, now=self.now, subject=self.subject, consulted=self.states)

    @property
    def surely_needed(self) -> set[UUID]:
        """The streams that every judgement of it begins with, to be read at once."""
        actor = self.order.actor
        return {self.subject} if actor.is_system else {self.subject, authority.stream_of(actor.authority)}

    @property
    def number(self) -> UUID | None:
        """The stream that numbers what is opened."""
        numbered_by = self.route.numbered_by if isinstance(self.route, Opening) else None
        return numbered_by(self.context) if numbered_by else None

    def unseen(self) -> NotFound | None:
        """Whether what it is about does not exist for who gave it. Raises Unread."""
        context = self.context
        state = context.read(self.aggregate.state, self.subject)
        if isinstance(self.route, Step) and (state is None or not self.aggregate.is_visible(state, context)):
            return NotFound(message="There is nothing with this id that you may see.")
        return None

    def decide(self) -> tuple[Any, ...] | Refusal:
        """What is recorded, or the first reason against it. Raises Unread."""
        order, context = self.order, self.context
        if isinstance(self.route, Opening):
            return open_with(self.route, order.command, self.state, context)
        return decide(self.route, self.aggregate.steps, order.command, self.state, context, order.expected_version)

    def written(self, events: Iterable[Any]) -> list[Written]:
        """What is to be recorded for it: its own events, and the number of what it opens."""
        written: list[Written] = [(self.subject, event) for event in events]
        if (number := self.number) is not None:
            written.append((number, NumberAssigned(subject=self.subject)))
        return written


def unrecorded(order: Order, written: list[Written], states: Mapping[UUID, Any]) -> tuple[Unrecorded, ...]:
    """The events with their circumstances, at the versions that follow those of the states."""
    command_id = order.command_id or random_id()
    following: dict[UUID, int] = {}
    events = []
    for n, (stream, event) in enumerate(written, start=1):
        version = following.get(stream, version_of(states.get(stream)) + 1)
        following[stream] = version + 1
        events.append(
            Unrecorded(
                stream=stream,
                version=version,
                event=event,
                actor=order.actor,
                command=CommandRef(name=type(order.command).__name__, id=command_id, n=n, of=len(written)),
                correlation=order.correlation or command_id,
                causation=order.causation,
                occurred_at=order.occurred_at,
            )
        )
    return tuple(events)


def rests_on(states: Mapping[UUID, Any], events: Iterable[Unrecorded]) -> tuple[Place, ...]:
    """The streams that were read and are not written, each with the version seen."""
    streams = {event.stream for event in events}
    return tuple((stream, version_of(state)) for stream, state in states.items() if stream not in streams)
