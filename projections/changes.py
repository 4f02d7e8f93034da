"""What an event changed, in the terms of the API: each field that differs, before and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from projections.terms import TERMS


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after; None where it was not there."""

    path: str
    before: Any
    after: Any


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """What differs, each at the deepest field that does; before is None where the subject did not exist."""
    found: list[Change] = []
    for term in TERMS[type(after)]:
        if before is None:
            found.extend(_differences(term.name, None, term.tell(after)))
        elif term.parts(before) != term.parts(after):
            found.extend(_differences(term.name, term.tell(before), term.tell(after)))
    return tuple(found)


def _differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _differences(f"{path}.{name}", before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from _differences(f"{path}.{index}", _at(before, index), _at(after, index))
    else:
        yield Change(path, before, after)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None
