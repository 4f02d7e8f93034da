"""An event together with the circumstances in which it was recorded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from domain.vocabulary import Actor

E = TypeVar("E", covariant=True)

Upcasters = Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]]
"""(stored name, schema) -> what brings the stored data of that schema to the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRef:
    """The command that an event was recorded for: its name, its id, and which of its events this one is (n of all)."""

    name: str
    id: UUID
    n: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[E]):
    """One event as it stands in the store.

    position: its place in the global order. version: its place in its stream, from 1.
    recorded_at: by the database's clock. occurred_at: when it happened, where the register learnt of it later.
    causation: the position of the event that it follows from. consulted: (stream, version) that the decision rested on.
    erased: the paths of the texts that are no longer there, 'conditions.0.text'.
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
        """When it happened: the time that people speak of."""
        return self.occurred_at or self.recorded_at
