"""The changes that an event makes, as the API represents them: each field that differs, before and after."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from projections.rows.api_terms import TERMS


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after; None if it did not exist."""

    path: str
    before: Any
    after: Any


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """The differences, each at the deepest field that differs. before is None if the subject did not exist."""
    found: list[Change] = []
    for term in TERMS[type(after)]:
        if before is None:
            found.extend(_differences(term.name, None, term.convert(after)))
        elif term.parts(before) == term.parts(after):
            continue
        elif term.items and term.convert_item:
            found.extend(_differences_of_items(term.name, term.convert_item, term.items(before), term.items(after)))
        else:
            found.extend(_differences(term.name, term.convert(before), term.convert(after)))
    return tuple(found)


def _differences_of_items(
    path: str, convert: Callable[[Any], Any], was: Sequence[Any], now: Sequence[Any]
) -> Iterator[Change]:
    """Skips equal items without converting them: there may be many."""
    for index, (before, after) in enumerate(zip_longest(was, now)):
        if before is not after and before != after:
            terms = (None if item is None else convert(item) for item in (before, after))
            yield from _differences(f"{path}.{index}", *terms)


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
