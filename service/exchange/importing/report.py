"""The report of an import: what was refused, with line and reason. It is written as it goes, after earlier ones."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from domain.refusals import InvalidInput, Refusal
from service.exchange.importing.imported_history import CommandLine, HistoryResult
from service.exchange.importing.line_parser import ImportFile

MODE: Final = 0o600
"""A report tells of what may be for few: only its owner can read it."""


@contextmanager
def adding_to(path: Path) -> Iterator[BinaryIO]:
    """The file at the path, for writing after what is there. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
    with os.fdopen(descriptor, "ab") as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, MODE)
        yield file


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that records nothing, and why."""

    number: int
    history: str
    command: str
    refusal: Refusal

    @classmethod
    def line(cls, line: CommandLine, history: str, refusal: Refusal) -> "RefusedLine":
        """Of a line that was judged: told in the names that the file gives, where the rules know ids alone."""

        def in_its_names(message: str) -> str:
            for subject, name in line.called.items():
                message = message.replace(str(subject), f"'{name}'")
            return message

        told = replace(refusal, message=in_its_names(refusal.message))
        if isinstance(told, InvalidInput):
            fields = tuple(replace(each, message=in_its_names(each.message)) for each in told.fields)
            told = replace(told, fields=fields)
        return cls(line.number, history, line.command, told)


class Report:
    """JSON Lines: one for the run, one for each refused line, one for what came of it."""

    def __init__(self, file: BinaryIO, *, dry_run: bool = False) -> None:
        """dry_run: whether it is of a run that records nothing."""
        self._file = file
        self._dry_run = dry_run
        self.first: dict[str, RefusedLine] = {}
        """The first refused line for each reason."""

    def begin(self, file: ImportFile) -> None:
        told: dict[str, Any] = {"at": file.now.isoformat(), "sha256": file.sha256, "source": file.source}
        self._write(run={**told, "dryRun": True} if self._dry_run else told)

    def refused(self, refused: RefusedLine, reason: str) -> None:
        self.first.setdefault(reason, refused)
        refusal = refused.refusal
        self._write(
            line=refused.number,
            history=refused.history,
            command=refused.command,
            refusal=type(refusal).__name__,
            reason=refusal.message,
            fields=[asdict(problem) for problem in refusal.fields] if isinstance(refusal, InvalidInput) else [],
        )

    def repeated(self, told: HistoryResult, missing: int) -> None:
        """Of a history that was there before, so many lines had been refused: the run that did so told which."""
        numbers = [line.number for line in told.history.lines]
        self._write(history=told.history.name, lines=[min(numbers), max(numbers)], refused_before=missing)

    def end(self, totals: Any) -> None:
        self._write(totals=asdict(totals))

    def _write(self, **told: object) -> None:
        self._file.write(msgspec.json.encode(told) + b"\n")
        self._file.flush()
