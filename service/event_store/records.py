"""What goes into the store, and what comes back: events with their circumstances, all or nothing, appended or lost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from domain.recorded import CommandRef, Recorded
from domain.vocabulary import Actor

StreamVersion = tuple[UUID, int]
"""A stream, and a version in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrecordedEvent:
    """An event on its way into the store: all that Recorded has, but for what the store gives it."""

    stream: UUID
    version: int
    event: Any
    actor: Actor
    command: CommandRef
    correlation: UUID
    causation: int | None = None
    occurred_at: datetime | None = None

    def at(self, position: int, recorded_at: datetime, consulted: tuple[StreamVersion, ...]) -> Recorded[Any]:
        """The event as it stands once it is recorded there and then."""
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

    reads: the other streams that the decision rests on, each with the version seen (0: no event). They go into every
    event as what was consulted. Where one has moved on, nothing is recorded: no decision rests on stale grounds.
    lineage: the store's as it was before the decision began. Where another has begun, the item is lost; None where
    nothing was read for it.
    """

    events: tuple[UnrecordedEvent, ...]
    reads: tuple[StreamVersion, ...] = ()
    lineage: int | None = None


class Appended(NamedTuple):
    """The item's events as they now stand, in its order: their positions have no gap between them."""

    events: tuple[Recorded[Any], ...]

    @property
    def positions(self) -> tuple[int, ...]:
        return tuple(recorded.position for recorded in self.events)


class AppendConflict(NamedTuple):
    """Somebody was faster: these streams, written or consulted, have moved. Nothing was recorded."""

    streams: frozenset[UUID]


class EncodedEvent(NamedTuple):
    """An event as bytes. texts: what people wrote in it, None where they wrote nothing."""

    stream: UUID
    version: int
    topic: str
    state: bytes
    texts: bytes | None


class EventRow(NamedTuple):
    """An event as it is stored. voided: why, by whom and when, as JSON; topic names what stands in its place then."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime
    texts: bytes | None
    voided: str | None = None
