"""The list of export formats."""

from collections.abc import Callable
from typing import BinaryIO, Final

from service.exchange.exports import csv_export, jsonl, ocel_json, ocel_sqlite, xes, xlsx
from service.exchange.exports.chosen_export import Export, opened
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
"""FORMAT_NAMES are its keys."""


def carry_out(export: Export, log: VisibleLog) -> None:
    """Writes the export atomically."""
    with opened(export) as file:
        file.write(export.mark)
        if export.is_database and export.target is not None:
            ocel_sqlite.write(log, file, export.target)
        else:
            (csv_export.write_events if export.has_events else FORMATS[export.name])(log, file)
