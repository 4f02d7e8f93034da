"""Decides a command on given states: the events to record with their versions, or the refusal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from domain import authority
from domain.catalogue import AGGREGATES, Aggregate
from domain.decider import Context, Opening, Step, decide, open_with
from domain.number_series import NumberAssigned
from domain.recorded_event import CommandRef
from domain.refusals import NotFound, Refusal
from service.commands.envelope import CommandEnvelope
from service.commands.state_cache import version_of
from service.event_store.random_source import random_id
from service.event_store.records import StreamVersion, UnrecordedEvent

Route = Step[Any, Any, Any] | Opening[Any, Any, Any]
StreamEvent = tuple[UUID, Any]
"""A stream, and an event to record in it."""

_ROUTES: Final[dict[type[Any], tuple[Aggregate, Route]]] = {
    **{step.command: (aggregate, step) for aggregate in AGGREGATES for step in aggregate.steps},
    **{opening.command: (aggregate, opening) for aggregate in AGGREGATES for opening in aggregate.openings},
}


def aggregate_of(command: type[Any]) -> Aggregate:
    """The aggregate of a command type."""
    return _ROUTES[command][0]


@dataclass(frozen=True, slots=True)
class DecisionAttempt:
    """A command, and the context in which it is decided.

    states: the states consulted; more are added on demand.
    """

    envelope: CommandEnvelope
    aggregate: Aggregate
    route: Route
    context: Context
    states: dict[UUID, Any]

    @classmethod
    def begin(cls, envelope: CommandEnvelope, now: datetime, *, two_administrators: bool = False) -> Self:
        """Raises ValueError if a command that needs a subject has none."""
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
        """The same command, decided at another time on the same states."""
        return replace(self, context=replace(self.context, now=now))

    def with_states(self, states: dict[UUID, Any]) -> Self:
        """The same command, decided on other states."""
        return replace(self, context=replace(self.context, consulted=states), states=states)

    @property
    def subject(self) -> UUID:
        return self.context.subject

    @property
    def state(self) -> Any:
        return self.states[self.subject]

    @property
    def initial_streams(self) -> tuple[UUID, ...]:
        """The streams that every decision needs, to be read together."""
        actor = self.envelope.actor
        return (self.subject,) if actor.is_system else (self.subject, authority.stream_of(actor.authority))

    @property
    def numbering_stream(self) -> UUID | None:
        """The stream that assigns the number of an opened subject."""
        numbered_by = self.route.numbered_by if isinstance(self.route, Opening) else None
        return numbered_by(self.context) if numbered_by else None

    def visibility_problem(self) -> NotFound | None:
        """NotFound if the subject does not exist or the actor may not see it. Raises Unread."""
        context = self.context
        state = context.read(self.aggregate.state, self.subject)
        if isinstance(self.route, Step) and (state is None or not self.aggregate.is_visible(state, context)):
            return NotFound(message="There is nothing with this id that you may see.")
        return None

    def decide(self) -> tuple[Any, ...] | Refusal:
        """The events to record, or the first refusal. Raises Unread."""
        envelope, context = self.envelope, self.context
        if isinstance(self.route, Opening):
            return open_with(self.route, envelope.command, self.state, context)
        return decide(
            self.route, self.aggregate.steps, envelope.command, self.state, context, envelope.expected_version
        )

    def stream_events(self, events: Iterable[Any]) -> list[StreamEvent]:
        """The events to record: the subject's own, and the number of what it opens."""
        stream_events: list[StreamEvent] = [(self.subject, event) for event in events]
        if (number := self.numbering_stream) is not None:
            stream_events.append((number, NumberAssigned(subject=self.subject)))
        return stream_events


def to_unrecorded(
    envelope: CommandEnvelope, stream_events: list[StreamEvent], states: Mapping[UUID, Any]
) -> tuple[UnrecordedEvent, ...]:
    """The events with their metadata, at the next versions of their streams."""
    command_id = envelope.command_id or random_id()
    next_versions: dict[UUID, int] = {}
    events = []
    for n, (stream, event) in enumerate(stream_events, start=1):
        version = next_versions.get(stream, version_of(states.get(stream)) + 1)
        next_versions[stream] = version + 1
        events.append(
            UnrecordedEvent(
                stream=stream,
                version=version,
                event=event,
                actor=envelope.actor,
                command=CommandRef(name=type(envelope.command).__name__, id=command_id, n=n, of=len(stream_events)),
                correlation=envelope.correlation or command_id,
                causation=envelope.causation,
                occurred_at=envelope.occurred_at,
            )
        )
    return tuple(events)


def consulted_versions(states: Mapping[UUID, Any], events: Iterable[UnrecordedEvent]) -> tuple[StreamVersion, ...]:
    """The streams that were read and are not stream_events, each with the version seen."""
    streams = {event.stream for event in events}
    return tuple((stream, version_of(state)) for stream, state in states.items() if stream not in streams)
