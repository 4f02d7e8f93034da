"""The list of export formats."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from service.exchange.exports import csv_export, jsonl, ocel_json, ocel_sqlite, xes, xlsx
from service.exchange.exports.atomic_file import STDOUT, checked, replacing, standard_output
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.visible_events import VisibleLog

WriteFormat = Callable[[VisibleLog, BinaryIO], None]
FORMATS: Final[dict[str, WriteFormat]] = {
    "csv": csv_export.write_requests,
    "jsonl": jsonl.write_full_events,
    "cloudevents": jsonl.write_cloudevents,
    "ocel2": ocel_json.write,
    "xes": xes.write,
    "xlsx": xlsx.write,
}


@dataclass(frozen=True, slots=True)
class Export:
    """A chosen export. target: None is standard output. mark: bytes at the start of the file.

    has_events: one row per event instead of per request (CSV only).
    """

    name: str
    write: WriteFormat
    target: Path | None
    mark: bytes = b""
    has_events: bool = False


def chosen(name: str, output: str, events: bool) -> Export:
    """Selects a format. events: one row per event instead of per request (CSV only). Raises ExportRefused."""
    if name not in FORMATS:
        raise ExportRefused(f"there is no format '{name}': choose one of {', '.join(FORMATS)}")
    if events and name != "csv":
        raise ExportRefused("--events is for csv: every other format lists events already")
    write = csv_export.write_events if events else FORMATS[name]
    target = None if output == STDOUT else checked(output)
    if name == "ocel2" and target is not None and target.suffix.lower() in ocel_sqlite.SUFFIXES:
        path = target
        return Export(name, lambda log, file: ocel_sqlite.write(log, file, path), target)
    mark = csv_export.BYTE_ORDER_MARK if name == "csv" and target is not None else b""
    return Export(name, write, target, mark, events)


def carry_out(export: Export, log: VisibleLog) -> None:
    """Writes the export atomically."""
    with opened(export) as file:
        file.write(export.mark)
        export.write(log, file)


def opened(export: Export) -> AbstractContextManager[BinaryIO]:
    """The file that replaces the target as a whole, or standard output."""
    return standard_output() if export.target is None else replacing(export.target)
