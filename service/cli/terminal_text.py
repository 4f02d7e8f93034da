"""Values in the terms of the API, formatted for a terminal."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.vocabulary import format_time, joined
from projections.rows.value_changes import Change

CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and bidirectional formatting characters (UAX 9)."""
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NOTHING: Final[tuple[Any, ...]] = (None, [], {})

References = Mapping[str, str]
"""Id -> reference or code."""


def clean(text: str) -> str:
    """Replaces control characters by U+FFFD."""
    return CONTROLS.sub("\ufffd", text)


def change_for_people(change: Change, references: References, reason: str | None) -> Iterator[str]:
    """Lines such as 'strength: 120 → 100', one per value, so that likelihood and confidence are separate (ICD 203).

    Changes that repeat the event or its reason are omitted.
    """
    before, after = change.before, change.after
    if change.path in ("id", "reference") or (before in NOTHING and after in NOTHING):
        return
    if isinstance(before, dict) and after is None:
        yield f"{change.path}: ended"
    elif isinstance(before, str | int | float) and not isinstance(after, dict | list):
        yield f"{change.path}: {_value_text(before, references)} → {_value_text(after, references)}"
    else:
        yield from _lines(change.path, after, references, reason)


def change_for_programs(change: Change) -> str:
    """The change in full, with values as in the API."""
    before = "" if change.before is None else f"{_full(change.before)} → "
    return f"{change.path}: {before}{_full(change.after)}"


def _lines(path: str, value: Any, references: References, reason: str | None) -> Iterator[str]:
    """reason: the event's reason, which is not repeated."""
    items: list[tuple[str, Any]] = []
    if isinstance(value, dict) and not _is_single_line(value):
        items = list(value.items())
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        items = [(str(index), each) for index, each in enumerate(value)]
    for name, each in items:
        if each not in NOTHING and each != reason:
            yield from _lines(f"{path}.{name}", each, references, reason)
    if not items:
        yield f"{path}: {_value_text(value, references)}"


def _is_single_line(value: dict[str, Any]) -> bool:
    """Whether an object is written on one line: a period or a person."""
    return value.keys() in ({"start", "end"}, {"subject", "authority", "roles"})


def _value_text(value: Any, references: References) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return (
                format_time(datetime.fromisoformat(value)) if INSTANT.fullmatch(value) else references.get(value, value)
            )
        case {"start": start, "end": end}:
            return f"{_value_text(start, references)} to {_value_text(end, references)}"
        case {"subject": subject, "authority": authority}:
            return f"{subject} ({authority})"
        case list():
            return joined([_value_text(each, references) for each in value], "and")
        case None:
            return "none"
        case _:
            return str(value)


def _full(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
