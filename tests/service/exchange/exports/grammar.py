"""Strict readers: what the XML schema of IEEE 1849-2016 and the OCEL 2.0 specification ask of a file.

The schema of XES itself is not in this repository, since its licence is not stated; its rules are written out here.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

XES: Final = "{http://www.xes-standard.org/}"
NCNAME: Final = re.compile(r"[^\W\d][\w.\-]*")
NAME: Final = re.compile(r"[^\W\d][\w.:\-]*")
DECIMAL: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
TOKEN: Final = re.compile(r"(\S+( \S+)*)?")
DATE_TIME: Final = re.compile(r"\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
DOUBLE: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|-?INF|NaN")
LOG_ORDER: Final = ("extension", "global", "classifier", "", "trace", "event")
"""The empty string stands for attributes."""
VALUES: Final[dict[str, Callable[[str], object]]] = {
    "string": lambda text: True,
    "id": lambda text: True,
    "date": DATE_TIME.fullmatch,
    "int": lambda text: re.fullmatch(r"[+-]?\d+", text) and -(2**63) <= int(text) < 2**63,
    "float": DOUBLE.fullmatch,
    "boolean": lambda text: text in ("true", "false", "0", "1"),
}


def xes_problems(path: Path) -> list[str]:
    """What is wrong with a log of cases."""
    log = ElementTree.parse(path).getroot()
    return list(_log(log))


def _log(log: ElementTree.Element) -> Iterator[str]:
    if log.tag != f"{XES}log":
        yield f"the root is {log.tag}"
    if set(log.attrib) - {"xes.version", "xes.features"} or not DECIMAL.fullmatch(log.get("xes.version", "")):
        yield f"attributes of the log: {log.attrib}"
    yield from _in_order(log, LOG_ORDER)
    shared: dict[str | None, set[tuple[str, str | None]]] = {"trace": set(), "event": set()}
    for element in log:
        match _name(element):
            case "extension":
                named = [element.get("name", ""), element.get("prefix", "")]
                if not all(map(NCNAME.fullmatch, named)) or element.keys() != ["name", "prefix", "uri"]:
                    yield f"extension {element.attrib}"
            case "classifier":
                keys = element.get("keys", "")
                if not NCNAME.fullmatch(element.get("name", "")) or not keys or not TOKEN.fullmatch(keys):
                    yield f"classifier {element.attrib}"
            case "global":
                shared[element.get("scope")] |= {(_name(each), each.get("key")) for each in element}
                yield from _attributes(element)
            case "trace":
                yield from _in_order(element, ("", "event"))
                yield from _component(element, shared["trace"])
                for event in element.findall(f"{XES}event"):
                    yield from _in_order(event, ("",))
                    yield from _component(event, shared["event"])
            case _:
                pass
    yield from _attributes(log)


def _component(element: ElementTree.Element, shared: set[tuple[str, str | None]]) -> Iterator[str]:
    """A trace or an event. shared: the attributes that the log declares as global for it."""
    yield from _attributes(element)
    if missing := shared - {(_name(each), each.get("key")) for each in element}:
        yield f"{_name(element)} without {missing}"


def _attributes(element: ElementTree.Element) -> Iterator[str]:
    attributes = [each for each in element if _name(each) in VALUES]
    for each in attributes:
        if not NAME.fullmatch(each.get("key", "")) or not VALUES[_name(each)](each.get("value", "")):
            yield f"attribute {_name(each)} {each.attrib}"
    keys = Counter(each.get("key") for each in attributes)
    yield from (f"{_name(element)} has {key} {times} times" for key, times in keys.items() if times > 1)


def _in_order(element: ElementTree.Element, order: tuple[str, ...]) -> Iterator[str]:
    kinds = ["" if _name(each) in VALUES else _name(each) for each in element]
    if unknown := set(kinds) - set(order):
        yield f"{_name(element)} has {unknown}"
    elif kinds != sorted(kinds, key=order.index):
        yield f"{_name(element)} is out of order"


def _name(element: ElementTree.Element) -> str:
    return element.tag.removeprefix(XES)


PARSERS: Final[dict[str, Callable[[str], object]]] = {
    "string": str,
    "integer": int,
    "float": float,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "time": datetime.fromisoformat,
}


def ocel_problems(path: Path) -> list[str]:
    """What is wrong with an object-centric log in JSON."""
    log = json.loads(path.read_bytes())
    return [*_items(log, "event"), *_items(log, "object")]


def _items(log: dict[str, Any], kind: str) -> Iterator[str]:
    types = {
        each["name"]: {attribute["name"]: attribute["type"] for attribute in each["attributes"]}
        for each in log[f"{kind}Types"]
    }
    objects = {each["id"] for each in log["objects"]}
    items = log[f"{kind}s"]
    if len({each["id"] for each in items}) != len(items):
        yield f"an id of an {kind} is not unique"
    for item in items:
        declared = types[item["type"]]
        counts = Counter((each["name"], each.get("time")) for each in item["attributes"])
        yield from (f"{kind} {item['id']} has {each} {n} times" for each, n in counts.items() if n > 1)
        for each in item["attributes"]:
            try:
                PARSERS[declared[each["name"]]](each["value"])
            except (KeyError, ValueError):
                yield f"{kind} {item['id']}: {each}"
        related = Counter((each["objectId"], each["qualifier"]) for each in item["relationships"])
        yield from (f"{kind} {item['id']} relates to {each}" for each, n in related.items() if n > 1)
        yield from (f"{kind} {item['id']}: no object {each}" for each, _ in related if each not in objects)
