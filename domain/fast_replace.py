"""A faster `dataclasses.replace` for frozen states. Replacing dominates the time of folding a long log."""

from typing import TYPE_CHECKING, Any

__all__ = ["fast_replace"]

if TYPE_CHECKING:
    from dataclasses import replace as fast_replace
else:
    _make, _set = object.__new__, object.__setattr__

    def fast_replace(state: Any, /, **changes: Any) -> Any:
        """A copy with these fields replaced, for dataclasses without slots. The type checker checks the field names."""
        new = _make(type(state))
        _set(new, "__dict__", state.__dict__ | changes)
        return new
