"""A frozen state with some fields changed: what dataclasses.replace does, in little more than half of its time.

Of folding a long log anew, replacing is the largest part.
"""

from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["changed"]

if TYPE_CHECKING:
    from dataclasses import replace as changed
else:
    _make = object.__new__
    _put = object.__setattr__

    def changed(state: Any, /, **changes: Any) -> Any:
        """The same but for these fields. Raises AttributeError for one that a class with slots does not have."""
        cls = type(state)
        names, values = _fields(cls)
        new = _make(cls)
        for name, value in zip(names, values(state), strict=False):
            _put(new, name, value)
        for name, value in changes.items():
            _put(new, name, value)
        return new

    @cache
    def _fields(cls: type[Any]) -> tuple[tuple[str, ...], Any]:
        names = tuple(field.name for field in fields(cls))
        return names, attrgetter(*names)
