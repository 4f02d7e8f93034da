"""A recorded event: the event and its metadata."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from domain.vocabulary import Actor

E = TypeVar("E", covariant=True)

Upcasters = Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]]
"""(stored name, schema version) -> function from the stored data to the data of the next schema version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRef:
    """The command of an event. n, of: this is the n-th of its events."""

    name: str
    id: UUID
    n: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[E]):
    """An event with its metadata.

    position: in the log. version: in its stream, from 1. recorded_at: by the database's clock. occurred_at: when it
    happened, if it was recorded later (imports). causation: the position of the event that caused it. consulted:
    (stream, version) of the other states that the decision read. erased: paths of erased texts, 'conditions.0.text'.
    """

    event: E
    stream: UUID
    version: int
    position: int
    recorded_at: datetime
    actor: Actor
    command: CommandRef
    correlation: UUID
    causation: int | None = None
    occurred_at: datetime | None = None
    consulted: tuple[tuple[UUID, int], ...] = ()
    erased: tuple[str, ...] = ()

    @property
    def happened_at(self) -> datetime:
        """When it happened, for people: `occurred_at` if known, else `recorded_at`."""
        return self.occurred_at or self.recorded_at
