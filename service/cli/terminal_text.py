"""Values in the terms of the API, as people read them in a terminal."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.vocabulary import joined, spoken
from projections.changes import Change

CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What would steer the terminal in place of being read."""
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NOTHING: Final[tuple[Any, ...]] = (None, [], {})

References = Mapping[str, str]
"""Id -> the reference or code that people know it by."""


def clean(text: str) -> str:
    """Without what would steer the terminal."""
    return CONTROLS.sub("\ufffd", text)


def change_for_people(change: Change, references: References, reason: str | None) -> Iterator[str]:
    """'strength: 120 → 100'. A line for each thing said, so that likelihood and confidence stay apart (ICD 203).

    What says no more than the event itself and its reason is left out.
    """
    before, after = change.before, change.after
    if change.path in ("id", "reference") or (before in NOTHING and after in NOTHING):
        return
    if isinstance(before, dict) and after is None:
        yield f"{change.path}: ended"
    elif isinstance(before, str | int | float) and not isinstance(after, dict | list):
        yield f"{change.path}: {_spoken(before, references)} → {_spoken(after, references)}"
    else:
        yield from _lines(change.path, after, references, reason)


def change_for_programs(change: Change) -> str:
    """As the API tells it, in full."""
    before = "" if change.before is None else f"{_whole(change.before)} → "
    return f"{change.path}: {before}{_whole(change.after)}"


def _lines(path: str, value: Any, references: References, reason: str | None) -> Iterator[str]:
    """reason: what stands above already."""
    items: list[tuple[str, Any]] = []
    if isinstance(value, dict) and not _is_one(value):
        items = list(value.items())
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        items = [(str(index), each) for index, each in enumerate(value)]
    for name, each in items:
        if each not in NOTHING and each != reason:
            yield from _lines(f"{path}.{name}", each, references, reason)
    if not items:
        yield f"{path}: {_spoken(value, references)}"


def _is_one(value: dict[str, Any]) -> bool:
    """What is said in one breath: a period, a person."""
    return value.keys() in ({"start", "end"}, {"subject", "authority", "roles"})


def _spoken(value: Any, references: References) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return spoken(datetime.fromisoformat(value)) if INSTANT.fullmatch(value) else references.get(value, value)
        case {"start": start, "end": end}:
            return f"{_spoken(start, references)} to {_spoken(end, references)}"
        case {"subject": subject, "authority": authority}:
            return f"{subject} ({authority})"
        case list():
            return joined([_spoken(each, references) for each in value], "and")
        case None:
            return "none"
        case _:
            return str(value)


def _whole(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
