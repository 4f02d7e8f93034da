"""The media types of exports and dossiers, which a client asks for too."""

from dataclasses import dataclass
from typing import Final

LINES: Final = "application/x-ndjson"
CSV: Final = "text/csv; charset=utf-8"
JSON: Final = "application/json"
SQLITE: Final = "application/vnd.sqlite3"
XML: Final = "application/xml"
WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF: Final = "application/pdf"
HTML: Final = "text/html; charset=utf-8"
DOSSIERS: Final = {"pdf": PDF, "html": HTML}
"""By the ending of the path."""
MARKING: Final = "Mandate-Marking"
"""The header with the strictest marking of what a dossier contains."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """media: to the ending of the file's name. is_log: whether it lists the events in the order of their positions."""

    media: dict[str, str]
    is_log: bool = False


EXPORTS: Final = {
    "jsonl": ExportFormat({LINES: "jsonl"}, is_log=True),
    "cloudevents": ExportFormat({LINES: "jsonl"}, is_log=True),
    "csv": ExportFormat({CSV: "csv"}),
    "xes": ExportFormat({XML: "xes"}),
    "xlsx": ExportFormat({WORKBOOK: "xlsx"}),
    "ocel2": ExportFormat({JSON: "json", SQLITE: "sqlite"}),
}
