"""Histories to import, and the result of recording them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.refusals import InvalidInput, Refusal
from service.commands.envelope import CommandEnvelope


@dataclass(frozen=True, slots=True)
class LineContext:
    """The result of the preceding lines: the state of the subject, and the ids of named evidence and corrections.

    is_there: whether a stream exists, in this file or in the register.
    """

    state: Any
    names: Mapping[str, UUID]
    is_there: Callable[[UUID], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """One command of a history.

    number: line number in the file. name: name of the evidence that it records, or of the
    correction that it proposes, for later lines.
    order: makes the command envelope, with its time in `occurred_at`, or the problems of the line.
    called: id -> name in the file, of the histories that the command refers to; filled by `order`.
    """

    number: int
    command: str
    name: str | None = None
    order: Callable[[LineContext], CommandEnvelope | InvalidInput]
    called: Mapping[UUID, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedHistory:
    """All lines of one request, incident or authority.

    subject: the stream that it opens. claim: stream of its idempotency key. digest: SHA-256 of its lines, in hex.
    correlation: correlation id of the file.
    """

    name: str
    subject: UUID
    claim: UUID
    digest: str
    correlation: UUID
    lines: tuple[CommandLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryResult:
    """The result of a history.

    recorded: number of its lines in the register, None if unknown. refused: lines refused in this run.
    repeated: whether it was recorded before, so that no line was judged.
    """

    history: ImportedHistory
    recorded: int | None
    refused: tuple[tuple[CommandLine, Refusal], ...] = ()
    repeated: bool = False
