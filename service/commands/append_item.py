"""The item that one decision appends: its events with their metadata, and the versions that it rests on."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID, uuid4

from domain.attempt import StreamEvent
from domain.catalogue import State, version_of
from domain.recorded_event import CommandRef
from domain.vocabulary import Actor
from service.commands.envelope import CommandEnvelope
from service.event_store.records import StreamVersion, UnrecordedEvent


def to_unrecorded(
    envelope: CommandEnvelope,
    stream_events: Sequence[StreamEvent],
    states: Mapping[UUID, State | None],
    actor: Actor,
    cause: int | None = None,
) -> tuple[UnrecordedEvent, ...]:
    """The events with their metadata, at the next versions of their streams.

    actor: in the roles of the decision. cause: if the envelope names none.
    """
    command_id = envelope.command_id or uuid4()
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
                actor=actor,
                command=CommandRef(name=type(envelope.command).__name__, id=command_id, n=n, of=len(stream_events)),
                correlation=envelope.correlation or command_id,
                causation=cause if envelope.causation is None else envelope.causation,
                occurred_at=envelope.occurred_at,
            )
        )
    return tuple(events)


def consulted_versions(
    states: Mapping[UUID, State | None], events: Iterable[UnrecordedEvent]
) -> tuple[StreamVersion, ...]:
    """The streams that were read and are not written, each with the version seen."""
    written = {event.stream for event in events}
    return tuple((stream, version_of(state)) for stream, state in states.items() if stream not in written)
