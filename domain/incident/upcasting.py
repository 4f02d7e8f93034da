"""Old stored forms of an incident's events, brought to their present form, dict to dict."""

from collections.abc import Callable, Mapping
from typing import Any, Final

UPCASTERS: Final[Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]]] = {}
"""(stored name, schema) -> what brings it to the next schema."""
