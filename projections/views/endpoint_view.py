"""What the views of webhook endpoints and of mail subscriptions have in common: a row for each version, and one list.

Whoever acts for their authority sees them, and auditing authorities.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Select, Text, select

from domain.aggregate import Aggregate
from domain.mail_subscription.state import MailSubscription
from domain.recorded_event import Recorded
from domain.vocabulary import Marking
from domain.webhook_endpoint.state import WebhookEndpoint
from projections.reading.queries import PreparedQuery, Query, ViewerScope, valid_at, visible
from projections.rows.version_rows import fold_versions, version_columns
from projections.tables.row_documents import encode, reader
from projections.tables.view import Folded, StateTable, Values, View, present_index, version_table

S = TypeVar("S", bound=WebhookEndpoint | MailSubscription)


def endpoint_view(
    name: str, version: int, aggregate: Aggregate, kind: type[S], label: str
) -> tuple[View, Callable[[ViewerScope], Query[S]]]:
    """The view, and the query of all that the viewer may see. label: the field that orders those of an authority."""
    table = version_table(name, Column("authority", Text, nullable=False), Column(label, Text, nullable=False))
    present_index(table, "id", unique=True)
    read = reader(kind)

    def row(state: S, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Values:
        columns = version_columns(recorded, until, Marking.AMBER, audience)
        return (*columns, state.authority, getattr(state, label), encode(state))

    def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
        return fold_versions(aggregate, table, row, state, events)

    def every(scope: ViewerScope) -> Select[Any]:
        found = select(table.c.document).where(valid_at(table, scope), visible(table, scope))
        return found.order_by(table.c.authority, table.c[label], table.c.id)

    view = View(
        name=name,
        version=version,
        tables=(table,),
        memories={aggregate.name: StateTable(table=table, read=read, versioned=True)},
        by_stream=(aggregate,),
        fold=fold,
        parks=False,
    )
    return view, PreparedQuery(every, (name,), lambda found: read(found[0])).of
