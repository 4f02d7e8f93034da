"""The changes that an event makes, as the API represents them: each field that differs, before and after."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from projections.rows.api_terms import TERMS
from projections.rows.value_changes import Change, differences


def changes(before: Any, after: Any) -> tuple[Change, ...]:
    """The differences, each at the deepest field that differs. before is None if the subject did not exist."""
    found: list[Change] = []
    for term in TERMS[type(after)]:
        if before is None:
            found.extend(differences(term.name, None, term.convert(after)))
        elif term.parts(before) == term.parts(after):
            continue
        elif term.items and term.convert_item:
            found.extend(_differences_of_items(term.name, term.convert_item, term.items(before), term.items(after)))
        else:
            found.extend(differences(term.name, term.convert(before), term.convert(after)))
    return tuple(found)


def _differences_of_items(
    path: str, convert: Callable[[Any], Any], was: Sequence[Any], now: Sequence[Any]
) -> Iterator[Change]:
    """Skips equal items without converting them: there may be many."""
    for index, (before, after) in enumerate(zip_longest(was, now)):
        if before is not after and before != after:
            terms = (None if item is None else convert(item) for item in (before, after))
            yield from differences(f"{path}.{index}", *terms)
