"""The webhook endpoints, current and past. Whoever acts for their authority sees them, and auditing authorities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Select, Text, select

from domain.catalogue import WEBHOOK_ENDPOINT
from domain.recorded_event import Recorded
from domain.vocabulary import Marking
from domain.webhook_endpoint.state import WebhookEndpoint
from projections.reading.queries import PreparedQuery, Query, ViewerScope, valid_at, visible
from projections.rows.version_rows import fold_versions, version_columns
from projections.tables.row_documents import encode, reader
from projections.tables.view import Folded, StateTable, Values, View, present_index, version_table

NAME: Final = "webhook_endpoints"
VERSION: Final = 2

_endpoint_in: Final = reader(WebhookEndpoint)

table: Final = version_table(NAME, Column("authority", Text, nullable=False), Column("name", Text, nullable=False))
present_index(table, "id", unique=True)


def _row(state: WebhookEndpoint, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Values:
    columns = version_columns(recorded, until, Marking.AMBER, audience)
    return (*columns, state.authority, state.name, encode(state))


def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    return fold_versions(WEBHOOK_ENDPOINT, table, _row, state, events)


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table,),
    memories={WEBHOOK_ENDPOINT.name: StateTable(table=table, read=_endpoint_in, versioned=True)},
    by_stream=(WEBHOOK_ENDPOINT,),
    fold=fold,
    parks=False,
)


def every(scope: ViewerScope) -> Query[WebhookEndpoint]:
    """All that the viewer may see, by authority and name."""
    return _EVERY.of(scope)


def _every(scope: ViewerScope) -> Select[Any]:
    found = select(table.c.document).where(valid_at(table, scope), visible(table, scope))
    return found.order_by(table.c.authority, table.c.name, table.c.id)


_EVERY: Final = PreparedQuery(_every, (NAME,), lambda row: _endpoint_in(row[0]))
