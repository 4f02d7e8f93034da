"""The differences between two values of one field, as the API represents them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after; None if it did not exist."""

    path: str
    before: Any
    after: Any


def differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    """Each at the deepest field that differs."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from differences(f"{path}.{name}", before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from differences(f"{path}.{index}", _at(before, index), _at(after, index))
    else:
        yield Change(path, before, after)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None
