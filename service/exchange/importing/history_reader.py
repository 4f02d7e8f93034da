"""From the lines of a file to its histories: lines that follow each other under one name."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from domain import claim, wellformed
from domain.refusals import FieldProblem
from domain.vocabulary import REGISTER, Label
from service.exchange.importing.importable_commands import COMMANDS, Kind
from service.exchange.importing.imported_history import History
from service.exchange.importing.line_parser import File, line
from service.exchange.importing.raw_line import Raw

MOST_LINES: Final = 1_000
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of a history: it is recorded at once."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A line that belongs to no history, and why."""

    number: int
    problem: FieldProblem
    history: str = ""
    command: str = ""


@dataclass(slots=True)
class _Open:
    """A history whose lines are still coming."""

    name: str
    lines: list[Raw] = field(default_factory=list)
    size: int = 0

    @property
    def kind(self) -> Kind | None:
        """What it is of: told by its first line that names a command."""
        named = (COMMANDS.get(command) for command in map(_command, self.lines) if command)
        return next((known[1] for known in named if known is not None), None)


def histories(raws: Iterable[Raw], file: File, wanted: Kind) -> Iterator[History | Stray]:
    """The histories of one kind in the order of the file. Strays, and what is of no kind, come with the last kind."""
    last = [*Kind][-1]
    for found in _gathered(raws):
        if isinstance(found, Stray):
            if wanted is last:
                yield found
        elif found.kind is wanted or (found.kind is None and wanted is last):
            yield _history(found, file)


def _gathered(raws: Iterable[Raw]) -> Iterator[_Open | Stray]:
    current: _Open | None = None
    for raw in raws:
        name = raw.fields.get("history") if raw.fields is not None else None
        goes_on = current is not None and name == current.name
        if not goes_on and (problem := _problem(raw, name)) is not None:
            yield Stray(raw.number, problem, command=_command(raw))
            continue
        if current is None or not goes_on:
            if current is not None:
                yield current
            current = _Open(str(name))
        if len(current.lines) == MOST_LINES or current.size + len(raw.content) > MOST_BYTES:
            most = f"A history has at most {MOST_LINES:,} lines and {MOST_BYTES:,} bytes."
            yield Stray(raw.number, FieldProblem(path="history", message=most), current.name, _command(raw))
            continue
        current.lines.append(raw)
        current.size += len(raw.content)
    if current is not None:
        yield current


def _problem(raw: Raw, name: object) -> FieldProblem | None:
    if raw.fields is None:
        return FieldProblem(path="line", message=raw.problem)
    message = "The name of the history that it belongs to is needed."
    if isinstance(name, str):
        message = wellformed.judge(name, Label) or ""
    return FieldProblem(path="history", message=message) if message else None


def _command(raw: Raw) -> str:
    told: Any = raw.fields.get("command") if raw.fields is not None else None
    return told if isinstance(told, str) else ""


def _history(found: _Open, file: File) -> History:
    kind = found.kind
    lines = []
    digest = hashlib.sha256()
    at: datetime | None = None
    for raw in found.lines:
        digest.update(raw.content + b"\n")
        made, at = line(raw, found.name, kind, at, file)
        lines.append(made)
    return History(
        name=found.name,
        subject=file.subject(found.name),
        claim=claim.stream_of(REGISTER, f"import/{file.origin}/{found.name}"),
        digest=digest.hexdigest(),
        correlation=file.correlation,
        lines=tuple(lines),
    )
