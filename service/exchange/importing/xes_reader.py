"""XES reader (IEEE 1849-2016): every event of a trace becomes a row. Lists and nested attributes are not read."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, Final, cast
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from service.errors import Misconfigured
from service.exchange.importing.column_map import ColumnMap, check_case
from service.exchange.importing.event_log import LogEvent, check_size, lines
from service.exchange.importing.raw_line import LineReader, RawLine, quoted
from service.exchange.importing.row_rules import Row

ACTIVITY: Final = "concept:name"
TIME: Final = "time:timestamp"
GZIP: Final = b"\x1f\x8b"
OF_LOG: Final = 2
"""Depth of the elements of the log."""
AT_ONCE: Final = 256 * 1024
"""Bytes that are parsed at once."""
LONGEST_STRETCH: Final = 16 * 1024 * 1024
"""Bytes between the ends of two events or traces. The parser holds them in memory, and reads an unfinished tag again
with each further part of it."""


def reader(mapped: ColumnMap) -> LineReader:
    """A reader of files with this mapping, also of those that are compressed with gzip. Raises Misconfigured."""

    check_case(mapped)

    def read(file: BinaryIO) -> Iterator[RawLine]:
        is_zipped = file.read(len(GZIP)) == GZIP
        file.seek(0)
        try:
            yield from lines(_cases(cast("BinaryIO", gzip.GzipFile(fileobj=file)) if is_zipped else file), mapped)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Misconfigured(f"the file cannot be decompressed: {error}") from None

    return read


def _cases(file: BinaryIO) -> Iterator[tuple[Row, list[LogEvent]]]:
    """One trace in memory at a time."""
    events: list[LogEvent] = []
    depth = number = characters = 0
    root: Element | None = None
    for change, element in _parsed(file):
        if change == "start":
            root = element if root is None else root
            depth += 1
            continue
        kind = _kind(element)
        if kind == "event":
            number += 1
            events.append(_event(number, element))
            characters += sum(map(len, events[-1].values.values()))
            check_size(f"that ends after event {number}", len(events), characters)
            element.clear()
        if depth == OF_LOG and root is not None:
            if kind == "trace":
                values, twice = _values(element)
                problem = None if twice is None else f"Its trace has two attributes {quoted(twice)}."
                yield values, [replace(each, problem=problem) for each in events] if problem else events
            elif kind == "event":
                yield {}, [LogEvent(number, "", "", {}, "It is in no trace.")]
            events, characters = [], 0
            root.clear()
        depth -= 1
    if root is None or _kind(root) != "log":
        raise Misconfigured("the file is no XES log: its root is no 'log'")


def _parsed(file: BinaryIO) -> Iterator[tuple[str, Element]]:
    """Expat bounds what entities expand to. Raises Misconfigured."""
    parser: XMLPullParser[Element] = XMLPullParser(events=("start", "end"))
    stretch = 0
    try:
        while part := file.read(AT_ONCE):
            parser.feed(part)
            stretch += len(part)
            for change, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
                if change == "end" and _kind(element) in ("event", "trace"):
                    stretch = 0
                yield change, element
            if stretch > LONGEST_STRETCH:
                raise Misconfigured(f"no event or trace ends within {LONGEST_STRETCH // 1024**2} MiB of the file")
        parser.close()
        yield from cast("Iterator[tuple[str, Element]]", parser.read_events())
    except ParseError as error:
        raise Misconfigured(f"the file is not valid XML: {error}") from None
    except (LookupError, ValueError) as error:
        raise Misconfigured(f"the encoding that the file declares cannot be read: {error}") from None


def _event(number: int, element: Element) -> LogEvent:
    values, twice = _values(element)
    problem = "" if twice is None else f"It has two attributes {quoted(twice)}."
    return LogEvent(number, values.get(ACTIVITY, ""), values.get(TIME, ""), values, problem)


def _values(element: Element) -> tuple[dict[str, str], str | None]:
    """The attributes with a value, and a key that occurs twice, if any does."""
    found: dict[str, str] = {}
    twice = None
    for each in element:
        key, value = each.get("key"), each.get("value")
        if key is None or value is None:
            continue
        twice = key if key in found else twice
        found[key] = value.strip()
    return found, twice


def _kind(element: Element) -> str:
    return element.tag.rpartition("}")[2]
