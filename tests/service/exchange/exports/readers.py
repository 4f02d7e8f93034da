"""Exports read by readers that are not ours: r4pm (process_mining in Rust), the cloudevents package, Python's csv."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

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
