"""Office Open XML workbooks (ECMA-376) for spreadsheets: the sheets Requests and Events, with typed instants in UTC."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from domain.vocabulary import iso_time
from service.exchange.exports.table_rows import EVENT_COLUMNS, REQUEST_COLUMNS, Row, event_rows, request_rows
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.visible_events import VisibleLog

LONGEST: Final = 32_767
"""Characters of a cell."""
MOST_ROWS: Final = 1_048_576
"""Of a sheet, with its header."""
EARLIEST: Final = 1900
"""Year of the first date that a spreadsheet knows."""
CUT: Final = " [cut: {} characters; csv has all of them]"
OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
}


def write(log: VisibleLog, target: BinaryIO) -> None:
    """Raises ExportRefused if a sheet would have too many rows. The target gets whole workbooks alone."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.xlsx"
        with Workbook(path, {**OPTIONS, "tmpdir": folder}) as workbook:
            workbook.set_properties({"created": log.scope.effective_time.replace(tzinfo=None)})
            bold = workbook.add_format({"bold": True})
            for name, header, rows in (
                ("Requests", REQUEST_COLUMNS, request_rows(log)),
                ("Events", EVENT_COLUMNS, event_rows(log)),
            ):
                _write(workbook.add_worksheet(name), tuple(header), rows, bold)
        with path.open("rb") as written:
            copyfileobj(written, target)


def _write(sheet: Worksheet, header: tuple[str, ...], rows: Iterable[Row], bold: Any) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(header) - 1, 20)
    sheet.write_row(0, 0, header, bold)
    number = 0
    for number, row in enumerate(rows, start=1):
        if number >= MOST_ROWS:
            raise ExportRefused(f"the sheet {sheet.name} would have more than {MOST_ROWS:,} rows: choose csv or jsonl")
        for column, value in enumerate(row):
            _write_cell(sheet, number, column, value)
    sheet.autofilter(0, 0, number, len(header) - 1)


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    if isinstance(value, datetime) and value.year >= EARLIEST:
        sheet.write_datetime(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_string(row, column, iso_time(value))
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int):
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, fitting(str(value)))


def fitting(text: str) -> str:
    """The text of a cell. What is too long is cut, and says so."""
    if len(text) <= LONGEST:
        return text
    remark = CUT.format(f"{len(text):,}")
    return text[: LONGEST - len(remark)] + remark
