"""What the dispatcher takes, and what it returns for a command that was recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.catalogue import Command, Event, State
from domain.recorded_event import Recorded
from domain.vocabulary import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEnvelope:
    """A command with its actor and metadata. A deputy's actor names the principal, and the roles of the token.

    subject: the stream of the command's subject. For a command that opens one, its id; None creates a new id.
    correlation: copied from the cause; None starts a new one. causation: position of the causing event.
    occurred_at: when it happened, if the register learns of it later.
    command_id: derived from the cause if there is one; None creates a new id.
    """

    command: Command
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
    """What was recorded for a command, now or, if it is repeated, the first time.

    state: of the subject after the command. before: of the subject before it, None if the command opened it.
    consulted: the states of the streams that the decision rested on; empty if repeated.
    """

    subject: UUID
    state: State
    before: State | None
    events: tuple[Recorded[Event], ...] = field(default=())
    repeated: bool = False
    consulted: Mapping[UUID, State | None] = field(default_factory=dict)

    @property
    def position(self) -> int:
        """The position of its last event."""
        return self.events[-1].position
