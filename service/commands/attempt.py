"""Judging an order on states at hand: what it records or why it is refused, and where its events are to stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from domain import authority
from domain.catalogue import AGGREGATES, Aggregate
from domain.deciding import Context, Opening, Step, decide, open_with
from domain.numbering import NumberAssigned
from domain.recorded import CommandRef
from domain.refusals import NotFound, Refusal
from service.commands.envelope import CommandEnvelope
from service.commands.state_cache import version_of
from service.event_store.random_source import random_id
from service.event_store.records import StreamVersion, UnrecordedEvent

Route = Step[Any, Any, Any] | Opening[Any, Any, Any]
StreamEvent = tuple[UUID, Any]
"""A stream, and an event that is to be recorded in it."""

_ROUTES: Final[dict[type[Any], tuple[Aggregate, Route]]] = {
    **{step.command: (aggregate, step) for aggregate in AGGREGATES for step in aggregate.steps},
    **{opening.command: (aggregate, opening) for aggregate in AGGREGATES for opening in aggregate.openings},
}


def aggregate_of(command: type[Any]) -> Aggregate:
    """What a kind of command is about."""
    return _ROUTES[command][0]


@dataclass(frozen=True, slots=True)
class DecisionAttempt:
    """An order on its way, and the context in which it is decided.

    states: what the context consults; more are added as they are asked for.
    """

    envelope: CommandEnvelope
    aggregate: Aggregate
    route: Route
    context: Context
    states: dict[UUID, Any]

    @classmethod
    def begin(cls, envelope: CommandEnvelope, now: datetime, *, two_administrators: bool = False) -> Self:
        """Raises ValueError where a command that needs a subject has none."""
        aggregate, route = _ROUTES[type(envelope.command)]
        states: dict[UUID, Any] = {}
        if isinstance(route, Opening) and route.stream_of is not None:
            subject = route.stream_of(envelope.command)
        elif isinstance(route, Opening):
            subject = envelope.subject or random_id()
            states[subject] = None
        elif envelope.subject is None:
            raise ValueError(f"{type(envelope.command).__name__} needs a subject")
        else:
            subject = envelope.subject
        context = Context(
            actor=envelope.actor, now=now, subject=subject, consulted=states, two_administrators=two_administrators
        )
        return cls(envelope, aggregate, route, context, states)

    def at(self, now: datetime) -> Self:
        """The same order, decided at another time on the same states."""
        return replace(self, context=replace(self.context, now=now))

    def with_states(self, states: dict[UUID, Any]) -> Self:
        """The same order, decided on other states."""
        return replace(self, context=replace(self.context, consulted=states), states=states)

    @property
    def subject(self) -> UUID:
        return self.context.subject

    @property
    def state(self) -> Any:
        return self.states[self.subject]

    @property
    def initial_streams(self) -> tuple[UUID, ...]:
        """The streams that every judgement of it begins with, to be read at once."""
        actor = self.envelope.actor
        return (self.subject,) if actor.is_system else (self.subject, authority.stream_of(actor.authority))

    @property
    def numbering_stream(self) -> UUID | None:
        """The stream that numbers what is opened."""
        numbered_by = self.route.numbered_by if isinstance(self.route, Opening) else None
        return numbered_by(self.context) if numbered_by else None

    def visibility_problem(self) -> NotFound | None:
        """Whether what it is about does not exist for who gave it. Raises Unread."""
        context = self.context
        state = context.read(self.aggregate.state, self.subject)
        if isinstance(self.route, Step) and (state is None or not self.aggregate.is_visible(state, context)):
            return NotFound(message="There is nothing with this id that you may see.")
        return None

    def decide(self) -> tuple[Any, ...] | Refusal:
        """What is recorded, or the first reason against it. Raises Unread."""
        envelope, context = self.envelope, self.context
        if isinstance(self.route, Opening):
            return open_with(self.route, envelope.command, self.state, context)
        return decide(
            self.route, self.aggregate.steps, envelope.command, self.state, context, envelope.expected_version
        )

    def stream_events(self, events: Iterable[Any]) -> list[StreamEvent]:
        """What is to be recorded for it: its own events, and the number of what it opens."""
        written: list[StreamEvent] = [(self.subject, event) for event in events]
        if (number := self.numbering_stream) is not None:
            written.append((number, NumberAssigned(subject=self.subject)))
        return written


def to_unrecorded(
    envelope: CommandEnvelope, written: list[StreamEvent], states: Mapping[UUID, Any]
) -> tuple[UnrecordedEvent, ...]:
    """The events with their circumstances, at the versions that follow those of the states."""
    command_id = envelope.command_id or random_id()
    following: dict[UUID, int] = {}
    events = []
    for n, (stream, event) in enumerate(written, start=1):
        version = following.get(stream, version_of(states.get(stream)) + 1)
        following[stream] = version + 1
        events.append(
            UnrecordedEvent(
                stream=stream,
                version=version,
                event=event,
                actor=envelope.actor,
                command=CommandRef(name=type(envelope.command).__name__, id=command_id, n=n, of=len(written)),
                correlation=envelope.correlation or command_id,
                causation=envelope.causation,
                occurred_at=envelope.occurred_at,
            )
        )
    return tuple(events)


def consulted_versions(states: Mapping[UUID, Any], events: Iterable[UnrecordedEvent]) -> tuple[StreamVersion, ...]:
    """The streams that were read and are not written, each with the version seen."""
    streams = {event.stream for event in events}
    return tuple((stream, version_of(state)) for stream, state in states.items() if stream not in streams)
