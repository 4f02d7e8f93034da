"""Exports read by readers that are not ours: r4pm (process_mining in Rust), the cloudevents package, Python's csv."""

import csv
import json
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import r4pm
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.formats.json import JSONFormat


def ocel(path: Path) -> dict[str, Any]:
    """An object-centric log as r4pm took it in."""
    return _through_r4pm("OCEL", path)


def xes(path: Path) -> dict[str, Any]:
    """A log of cases as r4pm took it in."""
    return _through_r4pm("EventLog", path)


def cloudevents(path: Path) -> list[BaseCloudEvent]:
    return [JSONFormat().read(None, line) for line in path.read_bytes().splitlines()]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def workbook(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet as openpyxl reads them."""
    with closing(openpyxl.load_workbook(path, read_only=True)) as book:
        sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}
    return {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in sheets.items()}


def content(path: Path) -> bytes:
    """The bytes of a file, decompressed."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(map(archive.read, archive.namelist()))


def attributes(item: dict[str, Any]) -> dict[str, Any]:
    """Of an event of a log of cases, or of a case."""
    return {each["key"]: each["value"]["content"] for each in item["attributes"]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _through_r4pm(kind: str, path: Path) -> dict[str, Any]:
    item = r4pm.import_item(kind, str(path))
    try:
        with TemporaryDirectory() as folder:
            again = Path(folder) / "again.json"
            r4pm.export_item(item, str(again))
            read: dict[str, Any] = json.loads(again.read_bytes())
            return read
    finally:
        r4pm.remove_item(item)
