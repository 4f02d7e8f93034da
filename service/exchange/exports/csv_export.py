"""CSV (RFC 4180) for spreadsheets: one row per request, or one row per event.

Spreadsheets run a cell that starts with =, +, -, @, a tab or a line break as a formula. Such cells are prefixed with
an apostrophe, which makes them text.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any, BinaryIO, Final

from domain.vocabulary import iso_time
from service.exchange.exports.table_rows import EVENT_COLUMNS, REQUEST_COLUMNS, Row, event_rows, request_rows
from service.exchange.visible_log.visible_events import VisibleLog

DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of a formula; the last four are the full-width forms of the first four."""


def write_requests(log: VisibleLog, target: BinaryIO) -> None:
    """One row per request, at the end of the scope."""
    _write(target, REQUEST_COLUMNS, request_rows(log))


def write_events(log: VisibleLog, target: BinaryIO) -> None:
    """One row per event, in log order."""
    _write(target, EVENT_COLUMNS, event_rows(log))


def cell(value: Any) -> Any:
    """A cell value that no spreadsheet runs as a formula. Instants are in the API's format; numbers are unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return iso_time(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS) else value


def _write(target: BinaryIO, header: Iterable[str], rows: Iterable[Row]) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text, dialect="excel")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    text.flush()
    text.detach()
