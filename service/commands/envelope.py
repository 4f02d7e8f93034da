"""What is handed to the dispatcher, and what it answers where a command was carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.recorded import Recorded
from domain.vocabulary import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEnvelope:
    """A command, and who gives it on what.

    subject: the stream of what the command is about. For a command that opens one, the id that it is to have; None
    makes a new one.
    correlation: that of what it follows from; None begins a new one. causation: the position of that event.
    occurred_at: when it happened, where the register learns of it later.
    command_id: derived from its cause where it has one; None makes a new one.
    """

    command: object
    actor: Actor
    subject: UUID | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None
    correlation: UUID | None = None
    causation: int | None = None
    occurred_at: datetime | None = None
    command_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """What was recorded for a command, now or, where it is repeated, the first time.

    state: of the subject as it stood after it. before: as it stood before it, None where it was opened.
    consulted: the states of the streams that the decision rested on; none where it is repeated.
    """

    subject: UUID
    state: Any
    before: Any
    events: tuple[Recorded[Any], ...] = field(default=())
    repeated: bool = False
    consulted: Mapping[UUID, Any] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """The place of its last event."""
        return self.events[-1].position
