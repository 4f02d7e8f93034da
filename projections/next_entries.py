"""The next events of the audit trail, with the position up to which they are complete, in one snapshot."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select, true

from projections import audit_trail_queries
from projections.audit_trail import AuditEntry
from projections.audit_trail_queries import AuditTrailFilter
from projections.reading.queries import Query, ViewerScope, is_any_of, text_array
from projections.tables import checkpoints


def next_entries(
    scope: ViewerScope, wanted: AuditTrailFilter, limit: int, after: int, views: Iterable[str]
) -> Query[tuple[int, AuditEntry | None]]:
    """The next events after a position, each with the lowest position of these views; if there is no event, one row
    without one. One statement, hence one snapshot: no event up to that position is missing."""
    page = audit_trail_queries.page(scope, wanted, limit, after)
    table = checkpoints.table
    reached = (
        select(func.min(table.c.position).label("reached")).where(is_any_of(table.c.view, text_array(views))).subquery()
    )
    entries = page.statement.subquery("entries")
    statement = select(reached.c.reached, *entries.c).select_from(reached.outerjoin(entries, true()))

    def read(row: Sequence[Any]) -> tuple[int, AuditEntry | None]:
        return int(row[0] or 0), None if row[1] is None else page.read(row[1:])

    return Query(statement.order_by(entries.c.position), page.views, read)
