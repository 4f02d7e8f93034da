"""Lists that have no cursors: a part of them at once."""

from collections.abc import Sequence
from typing import Annotated, Final, TypeVar

import strawberry

from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.execution.query_cost import LONGEST_PAGE

T = TypeVar("T")

First = Annotated[
    int | None,
    strawberry.argument(description=f"How many: 1 to {LONGEST_PAGE}. Where the list has as many, ask on with offset."),
]
Offset = Annotated[int | None, strawberry.argument(description="How many are passed over.")]
MANY: Final = LONGEST_PAGE


def part(items: Sequence[T], first: int | None, offset: int | None) -> list[T]:
    """Raises BadUserInput. An explicit null is as if left out."""
    size, begin = MANY if first is None else first, offset or 0
    if not 1 <= size <= LONGEST_PAGE:
        raise BadUserInput("first", f"A list is told by 1 to {LONGEST_PAGE} items, not {size}.")
    if begin < 0:
        raise BadUserInput("offset", f"It is 0 or more, not {begin}.")
    return list(items[begin : begin + size])
