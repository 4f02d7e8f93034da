"""What is appended and what is read: events with their metadata, items, and the results of an append."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.catalogue import Event
from domain.recorded_event import CommandRef, Recorded
from domain.vocabulary import Actor

StreamVersion = tuple[UUID, int]
"""A stream, and a version in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrecordedEvent:
    """An event before it is stored: Recorded without the fields that the store assigns."""

    stream: UUID
    version: int
    event: Event
    actor: Actor
    command: CommandRef
    correlation: UUID
    causation: int | None = None
    occurred_at: datetime | None = None

    def at(self, position: int, recorded_at: datetime, consulted: tuple[StreamVersion, ...]) -> Recorded[Event]:
        """The recorded event."""
        return Recorded(
            event=self.event,
            stream=self.stream,
            version=self.version,
            position=position,
            recorded_at=recorded_at,
            actor=self.actor,
            command=self.command,
            correlation=self.correlation,
            causation=self.causation,
            occurred_at=self.occurred_at,
            consulted=consulted,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendItem:
    """What one command records, in one stream or several: all or nothing.

    reads: the other streams that the decision rests on, each with the version seen (0: no event). They are stored in
    every event as consulted. If one has a newer version, nothing is recorded.
    lineage: the store's lineage before the decision began. In another lineage the item conflicts. None if nothing was
    read.
    """

    events: tuple[UnrecordedEvent, ...]
    reads: tuple[StreamVersion, ...] = ()
    lineage: int | None = None

    def recorded(self, first: int, recorded_at: datetime) -> tuple[Recorded[Event], ...]:
        """Its events, as recorded. first: the position of the first one; the others follow it."""
        events = enumerate(self.events, start=first)
        return tuple([event.at(position, recorded_at, self.reads) for position, event in events])


class AppendConflict(NamedTuple):
    """These streams, written or consulted, have newer versions. Nothing was recorded."""

    streams: frozenset[UUID]


class EncodedEvent(NamedTuple):
    """An event as bytes. texts: its free texts, None if it has none."""

    stream: UUID
    version: int
    topic: str
    state: bytes
    texts: bytes | None


class EventRow(NamedTuple):
    """A stored event. voided: reason, operator and time as JSON; topic is then the name of the replacement."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
    texts: bytes | None
    voided: str | None = None
