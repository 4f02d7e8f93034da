"""OCEL 2.0 reader (JSON): flattens a log by one type of objects. The events of each of them become rows."""

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO, Final

import msgspec

from service.errors import Misconfigured
from service.exchange.importing.column_map import ColumnMap
from service.exchange.importing.event_log import OF_CASE, LogEvent, check_size, instant_of, lines
from service.exchange.importing.raw_line import LineReader, RawLine, quoted
from service.exchange.importing.row_rules import Row

MOST_BYTES: Final = 256 * 1024 * 1024
"""A file is read as a whole."""
ID: Final = "ocel:id"
TYPE: Final = "ocel:type"
TIME: Final = "ocel:time"
BEGINNING: Final = "1970-01-01T00:00:00Z"
"""Time of an attribute's first value, by the convention of OCEL 2.0."""
RELATED: Final = "object:"
"""Prefix of the columns with the ids of the related objects of a type."""


class _Attribute(msgspec.Struct):
    name: str
    value: str | int | float | bool | None
    time: str = BEGINNING


class _Relationship(msgspec.Struct, rename="camel"):
    object_id: str


class _Object(msgspec.Struct):
    id: str
    type: str
    attributes: list[_Attribute] = []


class _Event(msgspec.Struct):
    id: str
    type: str
    time: str
    attributes: list[_Attribute] = []
    relationships: list[_Relationship] = []


class _Log(msgspec.Struct):
    events: list[_Event]
    objects: list[_Object]


_TWICE: Final = "Another event has its id too."

_decode = msgspec.json.Decoder(_Log).decode


def reader(mapped: ColumnMap) -> LineReader:
    """A reader of files with this mapping, whose `case` is a type of objects. Raises Misconfigured."""
    if mapped.case is None:
        raise Misconfigured("case is missing in the mapping: the type of the objects whose events form a history each")

    def read(file: BinaryIO) -> Iterator[RawLine]:
        content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Misconfigured(f"the file has more than {MOST_BYTES // 1024**2} MiB")
        try:
            log = _decode(content.removeprefix(BOM_UTF8))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Misconfigured(f"the file is no OCEL 2.0 log in JSON: {error}") from None
        yield from lines(_cases(log, mapped), mapped)

    return read


def _cases(log: _Log, mapped: ColumnMap) -> Iterator[tuple[Row, list[LogEvent]]]:
    """The cases, in the order of their first events. Raises Misconfigured if an object is there twice, if there is none
    of the type, or none with an event."""
    objects = {each.id: each for each in log.objects}
    if len(objects) < len(log.objects):
        twice = next(id_ for id_, times in Counter(each.id for each in log.objects).items() if times > 1)
        raise Misconfigured(f"the file has two objects with the id {quoted(twice)}")
    if all(each.type != mapped.case for each in log.objects):
        types = ", ".join(sorted({quoted(each.type) for each in log.objects}))
        raise Misconfigured(f"the file has no object of the type {quoted(mapped.case or '')}: it has {types or 'none'}")
    numbers = {id(event): number for number, event in enumerate(log.events, 1)}
    events: dict[str, list[_Event]] = {}
    for event in sorted(log.events, key=lambda each: instant_of(each.time)):
        for related in dict.fromkeys(each.object_id for each in event.relationships):
            if related in objects and objects[related].type == mapped.case:
                events.setdefault(related, []).append(event)
                check_size(quoted(related), len(events[related]))
    if log.events and not events:
        raise Misconfigured(f"no event of the file relates to an object of the type {quoted(mapped.case or '')}")
    ids = Counter(each.id for each in log.events)
    for name, of_case in events.items():
        found = [_event(numbers[id(each)], each, objects[name], objects, mapped.lists) for each in of_case]
        yield (
            {"id": name},
            [replace(each, problem=_TWICE) if ids[each.values[ID]] > 1 else each for each in found],
        )


def _event(number: int, event: _Event, case: _Object, objects: Mapping[str, _Object], separator: str) -> LogEvent:
    """With the values that the attributes of its case have by then."""
    related: dict[str, dict[str, None]] = {}
    for each in event.relationships:
        if (found := objects.get(each.object_id)) is not None:
            related.setdefault(f"{RELATED}{found.type}", {})[found.id] = None
    then = instant_of(event.time)
    known = [each for each in case.attributes if instant_of(each.time) <= then]
    in_force = sorted(known, key=lambda each: instant_of(each.time))
    values = {
        **{f"{OF_CASE}{each.name}": _text(each.value) for each in in_force},
        **{each.name: _text(each.value) for each in event.attributes},
        **{kind: separator.join(ids) for kind, ids in related.items()},
        ID: event.id,
        TYPE: event.type,
        TIME: event.time,
    }
    return LogEvent(number, event.type, event.time, values)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
