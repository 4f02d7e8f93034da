"""What an export is to be: its format, and the file that it replaces."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from service.exchange.exports.atomic_file import STDOUT, checked, replacing, standard_output
from service.exchange.visible_log.refused import ExportRefused

FORMAT_NAMES: Final = ("csv", "jsonl", "cloudevents", "ocel2", "xes", "xlsx")
DATABASE_SUFFIXES: Final = (".sqlite", ".sqlite3", ".db")
"""Of OCEL files that are databases."""
BYTE_ORDER_MARK: Final = "\ufeff".encode()
"""Begins a CSV file. Without it, spreadsheets do not detect UTF-8."""


@dataclass(frozen=True, slots=True)
class Export:
    """A chosen export. target: None is standard output.

    has_events: one row per event instead of per request (CSV only).
    """

    name: str
    target: Path | None
    has_events: bool = False

    @property
    def mark(self) -> bytes:
        """Bytes at the start of the file."""
        return BYTE_ORDER_MARK if self.name == "csv" and self.target is not None else b""

    @property
    def is_database(self) -> bool:
        return self.name == "ocel2" and self.target is not None and self.target.suffix.lower() in DATABASE_SUFFIXES


def chosen(name: str, output: str, events: bool) -> Export:
    """Selects a format. events: one row per event instead of per request (CSV only). Raises ExportRefused."""
    if name not in FORMAT_NAMES:
        raise ExportRefused(f"there is no format '{name}': choose one of {', '.join(FORMAT_NAMES)}")
    if events and name != "csv":
        raise ExportRefused("--events is for csv: every other format lists events already")
    return Export(name, None if output == STDOUT else checked(output), events)


def opened(export: Export) -> AbstractContextManager[BinaryIO]:
    """The file that replaces the target as a whole, or standard output."""
    return standard_output() if export.target is None else replacing(export.target)
