"""A history from elsewhere, on its way into the register, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.refusals import InvalidInput, Refusal
from service.commands.envelope import CommandEnvelope


@dataclass(frozen=True, slots=True)
class LineContext:
    """What the lines before have made: the subject as it stands, and what they gave a name to.

    is_there: whether a stream has begun, in this file or before.
    """

    state: Any
    names: Mapping[str, UUID]
    is_there: Callable[[UUID], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """One command of a history.

    number: its place in the file. name: what the lines after it call the evidence that it records.
    order: the order, with its time in `occurred_at`, or what is wrong with the line. called: what it calls the
    histories that its order names, by their ids: filled when that is asked.
    """

    number: int
    command: str
    name: str | None = None
    order: Callable[[LineContext], CommandEnvelope | InvalidInput]
    called: Mapping[UUID, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedHistory:
    """All lines of one request, incident or authority.

    subject: the stream that it opens. claim: the stream of its idempotency key. digest: SHA-256 of its lines, hex.
    correlation: that of its file.
    """

    name: str
    subject: UUID
    claim: UUID
    digest: str
    correlation: UUID
    lines: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryResult:
    """What came of a history. recorded: how many of its lines are in the register; None where that is not known.

    refused: what was refused now. repeated: it was there before, and nothing of it was judged.
    """

    history: ImportedHistory
    recorded: int | None
    refused: tuple[tuple[CommandLine, Refusal], ...] = ()
    repeated: bool = False
