"""Nodes, and pages of lists with cursors."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import strawberry

from projections.reading.queries import ListPosition, Query, ViewerScope
from projections.views.inbox import InboxPosition
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, page_size
from service.graphql.schema.shown import shown

T = TypeVar("T")
S = TypeVar("S")


@strawberry.interface(description="An object with an id.")
class Node:
    id: strawberry.ID


class HasCursor(Protocol):
    @property
    def cursor(self) -> str: ...


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    edges: strawberry.Private[Sequence[HasCursor]]
    start_cursor: str | None = shown(lambda of: of.edges[0].cursor if of.edges else None)
    end_cursor: str | None = shown(lambda of: of.edges[-1].cursor if of.edges else None)


@strawberry.type
class Edge(Generic[T]):
    of: strawberry.Private[str]
    place: strawberry.Private[ListPosition | InboxPosition | int | str]
    cursor: str = shown(lambda edge: cursors.cursor_of(edge.of, edge.place))
    node: T


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    edges: list[Edge[T]]
    page_info: PageInfo

    @strawberry.field(
        description=(
            "Total number of items in the list. It may be read a few events before or after the page; as of an "
            "instant (asOf) the two agree."
        )
    )
    async def total_count(self) -> int:
        return await self.count()


def page_info(edges: Sequence[HasCursor], *, more: bool, after: str | None) -> PageInfo:
    return PageInfo(
        has_next_page=more,
        has_previous_page=bool(given(after)),
        edges=edges,
    )


async def connection(
    name: str,
    page: Callable[[ViewerScope, int, ListPosition | None], Query[tuple[ListPosition, S]]],
    count: Callable[[], Awaitable[int]],
    node: Callable[[S, Loaders], T],
    loaders: Loaders,
    first: int | None,
    after: str | None,
) -> Connection[T]:
    """A page of a list. name: of the list in its cursors. page: queries a number of items after a position."""
    of, size = cursors.of_list(name, loaders.past), page_size(first)
    place = cursors.place_after(of, after)
    rows = await loaders.rows(lambda scope: page(scope, size + 1, place))
    edges = [Edge(of=of, place=at, node=node(state, loaders)) for at, state in rows[:size]]
    return Connection(count=count, edges=edges, page_info=page_info(edges, more=len(rows) > size, after=after))
