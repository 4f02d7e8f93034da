"""Offset pagination, for lists without cursors."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import strawberry

from service.graphql.execution.cost_model import LONGEST_PAGE
from service.graphql.execution.graphql_errors import BadUserInput

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(
        description=f"Maximum number of items: 1 to {LONGEST_PAGE}. If the list has more, continue with offset."
    ),
]
Offset = Annotated[int | None, strawberry.argument(description="Number of items to skip.")]
MANY: Final = LONGEST_PAGE


def part(items: Sequence[T], first: int | None, offset: int | None) -> list[T]:
    """A page of a list. Raises BadUserInput. An explicit null counts as omitted."""
    size, begin = MANY if first is None else first, offset or 0
    if not 1 <= size <= LONGEST_PAGE:
        raise BadUserInput("first", f"A list returns 1 to {LONGEST_PAGE} items at once, not {size}.")
    if begin < 0:
        raise BadUserInput("offset", f"The offset must be 0 or more, not {begin}.")
    return list(items[begin : begin + size])
