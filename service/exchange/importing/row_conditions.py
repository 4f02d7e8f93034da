"""Conditions of a mapping on the cells of a row."""

from dataclasses import dataclass
from typing import Final

ANY: Final = "*"
"""In a value: stands for any text, also none."""


@dataclass(frozen=True, slots=True)
class RowCondition:
    """The values that a cell may have. patterns: split at ANY; matching takes time linear in the cell."""

    exact: frozenset[str]
    patterns: tuple[tuple[str, ...], ...] = ()

    def holds(self, cell: str) -> bool:
        return cell in self.exact or any(_fits(cell, pattern) for pattern in self.patterns)


def condition(wanted: str | list[str]) -> RowCondition:
    """Raises ValueError for an empty list."""
    values = [wanted] if isinstance(wanted, str) else wanted
    if not values:
        raise ValueError("an empty list of values holds for no row: leave the column out")
    return RowCondition(
        frozenset(value for value in values if ANY not in value),
        tuple(tuple(value.split(ANY)) for value in values if ANY in value),
    )


def _fits(cell: str, pattern: tuple[str, ...]) -> bool:
    first, *between, last = pattern
    place, end = len(first), len(cell) - len(last)
    if place > end or not cell.startswith(first) or not cell.endswith(last):
        return False
    for part in between:
        place = cell.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True
