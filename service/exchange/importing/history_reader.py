"""Groups the lines of a file into histories: consecutive lines with the same name."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain import idempotency_key, validation
from domain.refusals import FieldProblem
from domain.vocabulary import REGISTER, Label
from service.exchange.importing.importable_commands import COMMANDS, HistoryKind
from service.exchange.importing.imported_history import ImportedHistory
from service.exchange.importing.line_parser import ImportFile, line
from service.exchange.importing.raw_line import RawLine

MAX_LINES: Final = 1_000
MAX_BYTES: Final = 8 * 1024 * 1024
"""Limits of a history, which is recorded in one transaction."""


@dataclass(frozen=True, slots=True)
class StrayLine:
    """A line that belongs to no history, with the problem."""

    number: int
    problem: FieldProblem
    history: str = ""
    command: str = ""


@dataclass(slots=True)
class _Open:
    """A history that is still being read."""

    name: str
    lines: list[RawLine] = field(default_factory=list)
    size: int = 0

    @property
    def kind(self) -> HistoryKind | None:
        """The kind of its first line with a known command."""
        named = (COMMANDS.get(command) for command in map(_command, self.lines) if command)
        return next((known[1] for known in named if known is not None), None)


def histories(raws: Iterable[RawLine], file: ImportFile, wanted: HistoryKind) -> Iterator[ImportedHistory | StrayLine]:
    """The histories of one kind, in file order. Stray lines and histories without a kind come with the last kind."""
    last = [*HistoryKind][-1]
    for found in _gathered(raws):
        if isinstance(found, StrayLine):
            if wanted is last:
                yield found
        elif found.kind is wanted or (found.kind is None and wanted is last):
            yield _history(found, file)


def _gathered(raws: Iterable[RawLine]) -> Iterator[_Open | StrayLine]:
    current: _Open | None = None
    for raw in raws:
        name = raw.fields.get("history") if raw.fields is not None else None
        is_same = current is not None and name == current.name
        if not is_same and (problem := _problem(raw, name)) is not None:
            yield StrayLine(raw.number, problem, command=_command(raw))
            continue
        if current is None or not is_same:
            if current is not None:
                yield current
            current = _Open(str(name))
        if len(current.lines) == MAX_LINES or current.size + len(raw.content) > MAX_BYTES:
            most = f"A history has at most {MAX_LINES:,} lines and {MAX_BYTES:,} bytes."
            yield StrayLine(raw.number, FieldProblem(path="history", message=most), current.name, _command(raw))
            continue
        current.lines.append(raw)
        current.size += len(raw.content)
    if current is not None:
        yield current


def _problem(raw: RawLine, name: object) -> FieldProblem | None:
    if raw.fields is None:
        return FieldProblem(path="line", message=raw.problem)
    message = "The name of its history is needed."
    if isinstance(name, str):
        message = validation.judge(name, Label) or ""
    return FieldProblem(path="history", message=message) if message else None


def _command(raw: RawLine) -> str:
    name: Any = raw.fields.get("command") if raw.fields is not None else None
    return name if isinstance(name, str) else ""


def _history(found: _Open, file: ImportFile) -> ImportedHistory:
    kind = found.kind
    lines = []
    digest = hashlib.sha256()
    at: datetime | None = None
    for raw in found.lines:
        digest.update(raw.content + b"\n")
        made, at = line(raw, found.name, kind, at, file)
        lines.append(made)
    return ImportedHistory(
        name=found.name,
        subject=file.subject(found.name),
        claim=idempotency_key.stream_of(REGISTER, f"import/{file.origin}/{found.name}"),
        digest=digest.hexdigest(),
        correlation=file.correlation,
        lines=tuple(lines),
    )
