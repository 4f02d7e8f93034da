"""Cost model of an operation: what each field costs, and how many items it has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ITEMS: Final = 5
"""Of a list without a page size."""
KNOWN: Final = 100
"""Costs of one operation that are kept."""
PAGE: Final = 20
LONGEST_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that sets a page size. default: its value if omitted."""

    name: str
    default: int


Size = int | float | Variable | tuple["Size", ...]
"""A page size, a mean number of items, the variable that sets a page size, or several of which one is used."""


@dataclass(slots=True)
class SelectionCost:
    """Cost model of a selection set. depth: of its deepest field."""

    fields: list["FieldCost"] = field(default_factory=list)
    spread: list["SelectionCost"] = field(default_factory=list)
    depth: int = 0

    def cost(self, variables: Mapping[str, Any], memo: dict[int, float]) -> float:
        found = memo.get(id(self))
        if found is None:
            own = sum(each.cost(variables, memo) for each in self.fields)
            found = memo[id(self)] = own + sum(fragment.cost(variables, memo) for fragment in self.spread)
        return found


@dataclass(frozen=True, slots=True)
class FieldCost:
    """Cost of a field. charge: once per field. of_item: per item, in addition to the item's fields."""

    charge: int
    size: Size
    of_item: int
    below: SelectionCost

    def cost(self, variables: Mapping[str, Any], memo: dict[int, float]) -> float:
        return self.charge + _items(self.size, variables) * (self.of_item + self.below.cost(variables, memo))


class OperationCost:
    """Cost model of an operation. Each cost is computed once for the page sizes that variables set."""

    def __init__(self, selection: SelectionCost, sizes: Iterable[str]) -> None:
        """sizes: the names of the variables that set a page size."""
        self.depth = selection.depth
        self._selection, self._sizes = selection, tuple(sizes)
        self._known: dict[tuple[int | None, ...], int] = {}

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Maximum cost: pages count with their page size, other lists with ITEMS items."""
        sizes = tuple([_page(variables[name]) if name in variables else None for name in self._sizes])
        found = self._known.get(sizes)
        if found is None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            found = self._known[sizes] = round(self._selection.cost(variables, {}))
        return found


def _items(size: Size, variables: Mapping[str, Any]) -> float:
    if isinstance(size, float):
        return size
    if isinstance(size, tuple):
        return max(_items(each, variables) for each in size)
    return _page(variables.get(size.name, size.default) if isinstance(size, Variable) else size)


def _page(size: Any) -> int:
    """Page size, limited to LONGEST_PAGE: the resolver refuses longer pages.

    Accepts 40.0 for 40, as JSON and GraphQL do.
    """
    if size is None:
        return PAGE
    return round(min(max(1, size), LONGEST_PAGE)) if isinstance(size, int | float) else LONGEST_PAGE
