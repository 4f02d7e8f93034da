"""OCEL 2.0 as JSON, by the standard's JSON schema, in which every value is a string."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any, BinaryIO, Final

import msgspec

from domain.vocabulary import iso_time
from service.exchange.exports.atomic_file import tune
from service.exchange.exports.columns import Column
from service.exchange.exports.ocel import EVENT_TYPES, OBJECT_TYPES, ObjectHistory, Values
from service.exchange.exports.ocel_log import ObjectIndex, build
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

_encode: Final = msgspec.json.Encoder().encode


def write(log: VisibleLog, target: BinaryIO) -> None:
    """Writes one event or object per line."""
    with closing(sqlite3.connect("", isolation_level=None)) as disk:
        tune(disk)
        sink = JsonSink(target)
        build(log, sink, ObjectIndex(disk))
        sink.end()


class JsonSink:
    """Streams the arrays of events and objects, item by item."""

    def __init__(self, target: BinaryIO) -> None:
        self._write = target.write
        self._before = b""
        self._has_objects = False
        self._write(b'{"objectTypes":' + _encode(_types(OBJECT_TYPES)))
        self._write(b',\n"eventTypes":' + _encode(_types(EVENT_TYPES)) + b',\n"events":[')

    def event(self, event: VisibleEvent, values: Values, relations: Iterable[tuple[str, str]]) -> None:
        self._item(
            {
                "id": str(event.position),
                "type": event.type,
                "time": iso_time(event.happened_at),
                "attributes": [{"name": name, "value": text(value)} for name, value in values.items()],
                "relationships": _relationships(relations),
            }
        )

    def object(self, id: str, type: str, through_time: ObjectHistory) -> None:
        if not self._has_objects:
            self._begin_objects()
        timeline = [
            (through_time.begins, name, value) for name, value in through_time.first.items()
        ] + through_time.changes
        self._item(
            {
                "id": id,
                "type": type,
                "attributes": [{"name": name, "time": time, "value": text(value)} for time, name, value in timeline],
                "relationships": _relationships(through_time.links),
            }
        )

    def end(self) -> None:
        if not self._has_objects:
            self._begin_objects()
        self._write(b"]}\n")

    def _begin_objects(self) -> None:
        self._write(b'],\n"objects":[')
        self._before, self._has_objects = b"", True

    def _item(self, item: Mapping[str, Any]) -> None:
        self._write(self._before + b"\n" + _encode(item))
        self._before = b","


def text(value: Any) -> str:
    """A value as a string, as the JSON schema requires for every declared type."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _types(types: Mapping[str, tuple[Column, ...]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "attributes": [{"name": column.name, "type": column.kind.value} for column in columns]}
        for name, columns in types.items()
    ]


def _relationships(relations: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"objectId": other, "qualifier": qualifier} for other, qualifier in dict.fromkeys(relations)]
