"""Lists with cursors, page by page. What an answer has beyond the fields of these types is passed over."""

from typing import Any, Final, Generic, TypeVar

import msgspec

from service.cli.remote.server import Server

N = TypeVar("N")
PAGE: Final = 100
"""Items of the longest page."""


class Struct(msgspec.Struct, rename="camel"):
    """An object of an answer."""


class PageInfoAnswer(Struct):
    has_next_page: bool
    end_cursor: str | None


class EdgeAnswer(Struct, Generic[N]):
    node: N


class PageAnswer(Struct, Generic[N]):
    edges: tuple[EdgeAnswer[N], ...]
    page_info: PageInfoAnswer
    total_count: int | None = None

    @property
    def nodes(self) -> list[N]:
        return [edge.node for edge in self.edges]


def first_nodes(
    server: Server, path: str, kind: type[PageAnswer[N]], limit: int, **parameters: Any
) -> tuple[list[N], PageAnswer[N]]:
    """The first nodes of a list, as of the server's instant, and the last page of them."""
    found, after = list[N](), None
    while True:
        first = min(PAGE, limit - len(found))
        page = server.get(path, kind, asOf=server.as_of, first=first, after=after, **parameters)
        found += page.nodes
        if not page.page_info.has_next_page or len(found) == limit:
            return found, page
        after = page.page_info.end_cursor
