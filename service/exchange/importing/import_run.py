"""Import of a file, which is read once per kind of history, so that dependencies are recorded first."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Final

from domain.refusals import InvalidInput
from service.exchange.importing.history_reader import StrayLine, histories
from service.exchange.importing.importable_commands import HistoryKind
from service.exchange.importing.imported_history import HistoryResult, ImportedHistory
from service.exchange.importing.line_parser import ImportFile
from service.exchange.importing.raw_line import LineReader
from service.exchange.importing.recorder import HistoryRecorder
from service.exchange.importing.report import RefusedLine, Report

LINES_AT_ONCE: Final = 500
"""Maximum number of lines per append, unless a single history has more."""
BLOCK: Final = 1024 * 1024
MOST_REASONS: Final = 100


@dataclass(slots=True)
class ImportTotals:
    """Totals of an import. Each line is recorded, refused, or part of a history that was imported before."""

    lines: int = 0
    recorded: int = 0
    refused: int = 0
    histories: int = 0
    repeated_histories: int = 0
    repeated_lines: int = 0
    refused_before: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    """'command: refusal type' -> number of refused lines."""


def fingerprint(file: BinaryIO) -> str:
    """SHA-256 of the file, in hex."""
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def count(file: BinaryIO, read: LineReader) -> int:
    """The number of lines in the file."""
    file.seek(0)
    return sum(1 for _ in read(file))


class ImportRun:
    """Imports a file. Idempotent: a second run resumes, and adds nothing that is already recorded."""

    def __init__(
        self, recorder: HistoryRecorder, report: Report, *, source: str | None, clock: Callable[[], datetime]
    ) -> None:
        """source: name of the origin; None for the hash of the file."""
        self._recorder = recorder
        self._report = report
        self._source = source
        self._clock = clock

    def run(self, file: BinaryIO, read: LineReader, advance: Callable[[int, ImportTotals], None]) -> ImportTotals:
        """Runs the import. advance: called after every append with the number of lines done. Raises Unavailable."""
        sha256 = fingerprint(file)
        context = ImportFile(source=self._source or sha256, sha256=sha256, now=self._clock())
        totals = ImportTotals()
        self._report.begin(context)
        for kind in HistoryKind:
            file.seek(0)
            for found in _batches(histories(read(file), context, kind), one_by_one=kind is HistoryKind.AUTHORITY):
                before = totals.lines
                if isinstance(found, StrayLine):
                    self._stray(found, totals)
                else:
                    for result in self._recorder.record(found):
                        self._tell(result, totals)
                advance(totals.lines - before, totals)
        self._report.end(totals)
        return totals

    def _stray(self, stray: StrayLine, totals: ImportTotals) -> None:
        totals.lines += 1
        self._refuse(RefusedLine(stray.number, stray.history, stray.command, InvalidInput.of(stray.problem)), totals)

    def _tell(self, result: HistoryResult, totals: ImportTotals) -> None:
        lines = len(result.history.lines)
        totals.lines += lines
        if result.repeated:
            totals.repeated_histories += 1
            totals.repeated_lines += lines
            missing = 0 if result.recorded is None else lines - result.recorded
            totals.refused_before += missing
            if missing:
                self._report.repeated(result, missing)
            return
        totals.histories += result.recorded != 0
        totals.recorded += result.recorded or 0
        for line, refusal in result.refused:
            self._refuse(RefusedLine.line(line, result.history.name, refusal), totals)

    def _refuse(self, refused: RefusedLine, totals: ImportTotals) -> None:
        totals.refused += 1
        reason = f"{refused.command or 'no command'}: {type(refused.refusal).__name__}"
        if reason not in totals.reasons and len(totals.reasons) == MOST_REASONS:
            reason = "others"
        totals.reasons[reason] = totals.reasons.get(reason, 0) + 1
        self._report.refused(refused, reason)


def _batches(
    found: Iterator[ImportedHistory | StrayLine], one_by_one: bool
) -> Iterator[Sequence[ImportedHistory] | StrayLine]:
    """Batches of histories to append together, and stray lines."""
    gathered: list[ImportedHistory] = []
    lines = 0
    for each in found:
        if isinstance(each, StrayLine):
            yield each
            continue
        if gathered and (one_by_one or lines + len(each.lines) > LINES_AT_ONCE):
            yield gathered
            gathered, lines = [], 0
        gathered.append(each)
        lines += len(each.lines)
    if gathered:
        yield gathered
