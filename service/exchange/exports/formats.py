"""Every format in which the register is exported, listed once."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from service.exchange.exports import csv_export, jsonl, ocel_json, ocel_sqlite, xes
from service.exchange.exports.atomic_file import STDOUT, checked, replacing, standard_output
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.visible_events import VisibleLog

WriteFormat = Callable[[VisibleLog, BinaryIO], None]
FORMATS: Final[dict[str, WriteFormat]] = {
    "csv": csv_export.write_requests,
    "jsonl": jsonl.write_whole,
    "cloudevents": jsonl.write_cloudevents,
    "ocel2": ocel_json.write,
    "xes": xes.write,
}


@dataclass(frozen=True, slots=True)
class Export:
    """How a file is written, and where: None is standard output. mark: what a file of its own begins with."""

    write: WriteFormat
    target: Path | None
    mark: bytes = b""


def chosen(name: str, output: str, events: bool) -> Export:
    """events: a row an event, where a format has both. Raises Refused."""
    if name not in FORMATS:
        raise ExportRefused(f"there is no format '{name}': choose one of {', '.join(FORMATS)}")
    if events and name != "csv":
        raise ExportRefused("--events is for csv: every other format tells events already")
    write = csv_export.write_events if events else FORMATS[name]
    target = None if output == STDOUT else checked(output)
    if name == "ocel2" and target is not None and target.suffix.lower() in ocel_sqlite.SUFFIXES:
        path = target
        return Export(lambda teller, file: ocel_sqlite.write(teller, file, path), target)
    mark = csv_export.BYTE_ORDER_MARK if name == "csv" and target is not None else b""
    return Export(write, target, mark)


def carry_out(export: Export, teller: VisibleLog) -> None:
    """Writes the file, which is there once it is whole."""
    with standard_output() if export.target is None else replacing(export.target) as file:
        file.write(export.mark)
        export.write(teller, file)
