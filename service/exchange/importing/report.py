"""The report of an import: refused lines with reasons. Each run appends to the file while it runs."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from domain.refusals import InvalidInput, Refusal
from domain.vocabulary import iso_time
from service.exchange.importing.imported_history import CommandLine, HistoryResult
from service.exchange.importing.line_parser import ImportFile

MODE: Final = 0o600
"""Readable by the owner only: a report can contain confidential data."""


@contextmanager
def adding_to(path: Path) -> Iterator[BinaryIO]:
    """Opens the file for appending. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
    with os.fdopen(descriptor, "ab") as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, MODE)
        yield file


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A refused line."""

    number: int
    history: str
    command: str
    refusal: Refusal

    @classmethod
    def line(cls, line: CommandLine, history: str, refusal: Refusal) -> "RefusedLine":
        """The refusal of a judged line, with ids replaced by the names in the file."""

        def with_file_names(message: str) -> str:
            for subject, name in line.called.items():
                message = message.replace(str(subject), f"'{name}'")
            return message

        named = replace(refusal, message=with_file_names(refusal.message))
        if isinstance(named, InvalidInput):
            fields = tuple(replace(each, message=with_file_names(each.message)) for each in named.fields)
            named = replace(named, fields=fields)
        return cls(line.number, history, line.command, named)


class Report:
    """JSON Lines: one for the run, one for each refused line, one for the totals."""

    def __init__(self, file: BinaryIO, *, dry_run: bool = False) -> None:
        """dry_run: whether the run records nothing."""
        self._file = file
        self._dry_run = dry_run
        self.first: dict[str, RefusedLine] = {}
        """The first refused line for each reason."""

    def begin(self, file: ImportFile) -> None:
        run: dict[str, Any] = {"at": iso_time(file.now), "sha256": file.sha256, "source": file.source}
        self._write(run={**run, "dryRun": True} if self._dry_run else run)

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

    def repeated(self, result: HistoryResult, missing: int) -> None:
        """Notes a history that was recorded before with `missing` refused lines, which that run's report lists."""
        numbers = [line.number for line in result.history.lines]
        self._write(history=result.history.name, lines=[min(numbers), max(numbers)], refused_before=missing)

    def end(self, totals: Any) -> None:
        self._write(totals=asdict(totals))

    def _write(self, **record: object) -> None:
        self._file.write(msgspec.json.encode(record) + b"\n")
        self._file.flush()
