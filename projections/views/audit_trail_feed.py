"""The next events of the audit trail, with the position up to which they are complete, in one snapshot."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, func, select, true

from projections.reading.queries import PREPARED, Query, ViewerScope, is_any_of, named_texts
from projections.tables import checkpoints
from projections.views import audit_trail_queries
from projections.views.audit_trail import AuditEntry
from projections.views.audit_trail_filter import AuditTrailFilter, PositionRange


def next_entries(
    scope: ViewerScope, wanted: AuditTrailFilter, limit: int, after: int, views: Iterable[str]
) -> Query[tuple[int, AuditEntry | None]]:
    """The next events after a position, each with the lowest position of these views; if there is no event, one row
    without one. One statement, so one snapshot: no event up to that position is missing."""
    page = audit_trail_queries.page(scope, wanted, limit, PositionRange(after=after))

    def read(row: Sequence[Any]) -> tuple[int, AuditEntry | None]:
        return int(row[0] or 0), None if row[1] is None else page.read(row[1:])

    return Query(_with_reached(page.statement), page.views, read, {**page.values, "views": list(views)})


@lru_cache(PREPARED)
def _with_reached(page: Select[Any]) -> Select[Any]:
    table = checkpoints.table
    reached = select(func.min(table.c.position).label("reached")).where(is_any_of(table.c.view, named_texts("views")))
    all_views, entries = reached.subquery(), page.subquery("entries")
    statement = select(all_views.c.reached, *entries.c).select_from(all_views.outerjoin(entries, true()))
    return statement.order_by(entries.c.position)
