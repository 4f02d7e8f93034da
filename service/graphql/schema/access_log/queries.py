"""Queries of the access log."""

from datetime import datetime
from typing import Final, get_args

import strawberry

from projections.reading import access_log_queries
from service.event_store.access_log import AccessKind
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.schema import cursors
from service.graphql.schema.access_log.types import AccessLogConnection, AccessLogEdge, AccessLogEntry
from service.graphql.schema.arguments import code, ids, list_filter, page_size, several, words
from service.graphql.schema.context import Info
from service.graphql.schema.pagination import page_info

OF = "accesses"
KINDS: Final = get_args(AccessKind)


@strawberry.input(description="Fields are combined with AND, the values of one field with OR.")
class AccessLogFilter:
    person: str | None = strawberry.field(default=strawberry.UNSET, description="The reader's subject.")
    authority: str | None = strawberry.field(
        default=strawberry.UNSET, description="The code of the authority that the reader acted for."
    )
    subject: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The id of a request, an incident or a piece of evidence."
    )
    from_: datetime | None = strawberry.field(
        name="from", default=strawberry.UNSET, description="Read at this instant or later."
    )
    until: datetime | None = strawberry.field(default=strawberry.UNSET, description="Read before this instant.")
    what: list[str] | None = strawberry.UNSET


@strawberry.type
class AccessLogQueries:
    @strawberry.field(
        description=(
            "Who was shown something RED or AMBER_STRICT, and who took something out, newest first: to auditors of the "
            "reader's and of the author's authority, to those who audit everything, and to the author."
        )
    )
    async def access_log(
        self,
        info: Info,
        filter: AccessLogFilter | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
    ) -> AccessLogConnection:
        wanted = list_filter(
            access_log_queries.AccessLogFilter, filter, person=words, authority=code, subject=ids, what=_kinds
        )
        size, place, loaders = page_size(first), cursors.place_after(OF, after), info.context.loaders()
        rows = await loaders.rows(lambda scope: access_log_queries.page(scope, wanted, size + 1, place))
        edges = [
            AccessLogEdge(cursor=cursors.cursor_of(OF, place), node=AccessLogEntry.of(state, loaders))
            for place, state in rows[:size]
        ]
        return AccessLogConnection(edges=edges, page_info=page_info(edges, more=len(rows) > size, after=after))


def _kinds(path: str, values: list[str]) -> tuple[str, ...] | None:
    """How it was read. Raises BadUserInput for unknown ones, which would never occur."""
    found = several(path, values)
    for index, each in enumerate(found or ()):
        if each not in KINDS:
            raise BadUserInput(f"{path}.{index}", f"'{each}' is none of {', '.join(KINDS)}.")
    return found
