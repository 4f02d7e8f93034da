"""Which page of a list of events a client asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Self, TypeVar

import strawberry

from projections.views.audit_trail_filter import BEYOND, PositionRange
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.viewer_rows import PastInstant
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, page_size
from service.graphql.schema.pagination import Edge, PageInfo

T = TypeVar("T")


@strawberry.enum(description="The order of a list of events, by when they were recorded.")
class SortDirection(StrEnum):
    OLDEST_FIRST = "OLDEST_FIRST"
    NEWEST_FIRST = "NEWEST_FIRST"


Order = Annotated[
    SortDirection | None, strawberry.argument(description="The order of the list. Its cursors are valid in it alone.")
]
Last = Annotated[
    int | None, strawberry.argument(description="Size of the page, 1 to 100, from the end of the list; not with first.")
]
Before = Annotated[str | None, strawberry.argument(description="Only what precedes this cursor in the list.")]
OLDEST: Final = SortDirection.OLDEST_FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """of: name of the list in its cursors. is_from_end: whether it is the last page of its range, not the first one.

    is_bounded: whether a cursor bounds the range where the page begins, and where it ends, in the order of the list.
    """

    of: str
    size: int
    part: PositionRange
    is_from_end: bool
    is_bounded: tuple[bool, bool]

    @classmethod
    def of_arguments(
        cls,
        name: str,
        moment: PastInstant | None,
        *,
        order: SortDirection | None,
        first: int | None,
        after: str | None,
        last: int | None,
        before: str | None,
    ) -> Self:
        """name: of the list. Raises BadUserInput."""
        newest_first = given(order) is SortDirection.NEWEST_FIRST
        if is_from_end := given(last) is not None and given(first) is None:
            size = page_size(last, "last")
        elif given(last) is None:
            size = page_size(first)
        else:
            raise BadUserInput("last", "Give first or last, not both.")
        of = cursors.of_list(f"{name}/newest" if newest_first else name, moment)
        begin, end = cursors.position_of(of, "after", after), cursors.position_of(of, "before", before)
        low, high = (end, begin) if newest_first else (begin, end)
        part = PositionRange(
            after=0 if low is None else low,
            before=BEYOND if high is None else high,
            newest_first=newest_first != is_from_end,
        )
        is_bounded = (begin is not None, end is not None)
        return cls(of=of, size=size, part=part, is_from_end=is_from_end, is_bounded=is_bounded)

    @property
    def limit(self) -> int:
        """One more than it shows, which tells whether there are more."""
        return self.size + 1

    def shown(self, found: Sequence[T]) -> Sequence[T]:
        """What it shows of what was found, in the order of the list."""
        kept = found[: self.size]
        return kept[::-1] if self.is_from_end else kept

    def info(self, edges: Sequence[Edge[T]], *, more: bool) -> PageInfo:
        """more: whether more was found than it shows."""
        before, behind = self.is_bounded
        return PageInfo(
            has_next_page=behind if self.is_from_end else more,
            has_previous_page=more if self.is_from_end else before,
            edges=edges,
        )
