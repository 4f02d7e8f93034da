"""Lists of deployment requests with their filters, orders and counts, current and past."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, FromClause, Select, Uuid, func, not_, select
from sqlalchemy.dialects.postgresql import array

from domain.deployment_request.state import DeploymentRequest
from domain.fast_replace import fast_replace
from projections.reading.filter_shape import (
    Condition,
    Filter,
    PageShape,
    Shape,
    conditions,
    each,
    parameters,
    part_values,
    shape_of,
    split,
)
from projections.reading.list_queries import (
    SLACK,
    any_of,
    beneath,
    containing,
    first_of,
    gathered,
    like_all,
    merged,
    ordered,
    outermost,
)
from projections.reading.queries import (
    ListPosition,
    PreparedQuery,
    Query,
    ViewerScope,
    instant,
    judgement_time,
    number,
    overlaps,
    valid_at,
    visible,
)
from projections.reading.statements import with_one_plan
from projections.reading.subject_queries import Names
from projections.views import incidents, situation_counts
from projections.views.deployment_requests import NAME, SUBJECTS, due, names_any, table
from projections.views.request_list_filter import RequestListFilter, RequestOrder


def page(
    scope: ViewerScope,
    wanted: RequestListFilter,
    order: RequestOrder,
    limit: int,
    after: ListPosition | None = None,
    *,
    names: Names | None = None,
) -> Query[tuple[ListPosition, DeploymentRequest]]:
    """The next items of a list. Query one more than you show, to know whether there are more.

    names: what is read of each state.
    """
    shape, values = shape_of(wanted, _EACH, _PREPARED)
    part = PageShape(continued=after is not None, falling=order.is_falling)
    prepared = _PAGES if wanted.incident is None else _PAGES_OF_INCIDENTS
    read = SUBJECTS.reader(names)
    found = prepared.of(scope, shape, order, part, read is not None, **values, **part_values(limit, after))
    return found if read is None else fast_replace(found, read=SUBJECTS.placed_by(read))


def count(scope: ViewerScope, wanted: RequestListFilter, *, row_by_row: bool = False) -> Query[int]:
    """How many items the whole list has. One row. Filters by status and region alone use the running counts.

    row_by_row: counts rows instead, to agree with the list where rows differ from the running counts.
    """
    if not row_by_row and wanted == RequestListFilter(status=wanted.status, region=wanted.region):
        return situation_counts.requests(scope, wanted.status, wanted.region)
    shape, values = shape_of(wanted, _EACH, _PREPARED)
    prepared = _COUNTS if wanted.incident is None else _COUNTS_OF_INCIDENTS
    return prepared.of(scope, shape, **values)


def _page(scope: ViewerScope, shape: Shape, order: RequestOrder, part: PageShape, bounded: bool) -> Select[Any]:
    wanted = parameters(shape)
    if "incident" in wanted or True in (wanted.get("overdue"), wanted.get("questioned")):  # they leave few requests
        keys = select(_ordered_by(scope, order).label("at"), table.c.id, table.c.version)
        return SUBJECTS.listed(gathered(_filtered(scope, wanted, keys), table, part), part, bounded=bounded)
    lists = [_listed(scope, one, order, part) for one in split(wanted, *_EACH)]
    statement = SUBJECTS.listed(merged(lists, part), part, bounded=bounded)
    return with_one_plan(statement) if _reads_in_order(scope, wanted, order) else statement


def _reads_in_order(scope: ViewerScope, wanted: Filter, order: RequestOrder) -> bool:
    """Whether an index of the present rows has the filter and the order, so that no value makes another plan better."""
    if scope.as_of is not None or order is RequestOrder.DUE_ASC:
        return False
    return wanted.keys() <= {"status"} and all(map(each, wanted.values()))


def _count(scope: ViewerScope, shape: Shape) -> Select[Any]:
    wanted = parameters(shape)
    if scope.as_of is None or not wanted.keys() <= _LASTING.keys():
        return _filtered(scope, wanted, select(func.count()).select_from(table))
    first, there_by_then = first_of(table, scope)
    statement = select(func.count()).select_from(first).where(there_by_then, overlaps(first.c.audience, scope))
    return statement.where(*conditions(wanted, _LASTING, first))


def _listed(scope: ViewerScope, wanted: Filter, order: RequestOrder, part: PageShape) -> Select[Any]:
    by = _ordered_by(scope, order)
    statement = _filtered(scope, wanted, select(by.label("at"), *_KEPT))
    if scope.as_of is None:
        return ordered(statement, by, table.c.id, part)
    if wanted.keys() & _PLACED:
        if order.is_by_submission:
            statement = statement.where(table.c.submitted_at <= instant(scope) + SLACK)
        return ordered(statement, by, table.c.id, part)
    first, there_by_then = first_of(table, scope)
    if order.is_by_submission:
        along = select(first.c.submitted_at.label("at"), first.c.id, *_KEPT[1:])
        along = along.where(there_by_then, first.c.submitted_at <= instant(scope) + SLACK)
        along = along.where(*conditions(wanted, _LASTING, first))
        along = along.where(table.c.id == first.c.id, *_passing_conditions(scope, wanted))
        return ordered(along, first.c.submitted_at, first.c.id, part)
    if found := list(conditions(wanted, _LASTING, first)):
        statement = statement.where(table.c.id == first.c.id, there_by_then, *found)
    return ordered(statement, by, table.c.id, part)


def _filtered(scope: ViewerScope, wanted: Filter, statement: Select[Any]) -> Select[Any]:
    return statement.where(*_passing_conditions(scope, wanted), *conditions(wanted, _LASTING, table))


def _passing_conditions(scope: ViewerScope, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """Conditions on columns that change, of the row valid then. Lasting columns are filtered on one table only: filters
    on both mislead the planner."""
    yield from (valid_at(table, scope), visible(table, scope), *conditions(wanted, _PASSING, table))
    if isinstance(incident := wanted.get("incident"), BindParameter):
        yield names_any(scope, array([incident], type_=Uuid))
        yield incidents.may_be_seen(scope, incident)


def _ordered_by(scope: ViewerScope, order: RequestOrder) -> ColumnElement[Any]:
    """valid_from is when the row was updated. Past rows are indexed by that."""
    if order.is_by_submission:
        return table.c.submitted_at
    if order is RequestOrder.DUE_ASC:
        return due
    return table.c.updated_at if scope.as_of is None else table.c.valid_from


def _is_overdue(rows: FromClause, wanted: bool) -> ColumnElement[bool]:
    overdue = rows.c.due_at <= judgement_time()
    return overdue & (rows.c.due_at < rows.c.valid_until) if wanted else not_(func.coalesce(overdue, False))


_LASTING: Final[Mapping[str, Condition]] = {
    "requesting_authority": lambda rows, chosen: any_of(rows.c.requesting_authority, chosen),
    "submitted_from": lambda rows, chosen: rows.c.submitted_at >= chosen,
    "submitted_until": lambda rows, chosen: rows.c.submitted_at < chosen,
}
"""Conditions on columns of a request that never change."""
_PLACED: Final = frozenset({"status", "deciding_authority", "region"})
"""Conditions on columns that change, and that are in an index of all versions."""
_PASSING: Final[Mapping[str, Condition]] = {
    "status": lambda rows, chosen: any_of(rows.c.status, chosen),
    "deciding_authority": lambda rows, chosen: any_of(rows.c.deciding_authority, chosen),
    "region": beneath,
    "overdue": _is_overdue,
    "questioned": lambda rows, wanted: rows.c.questioned if wanted else not_(rows.c.questioned),
    "text": lambda rows, chosen: like_all(rows.c.searched, chosen),
}
"""Conditions on columns that change. The condition of `incident` depends on the viewer too."""


_KEPT: Final = (table.c.id, table.c.version, table.c.document)
_EACH: Final = ("status", "region")
_PREPARED: Final[Mapping[str, Callable[[Any], Sequence[str]]]] = {
    "region": outermost,
    "text": lambda text: [containing(word.casefold()) for word in text.split()],
}
_OF_BOTH: Final = (NAME, incidents.NAME)
_PAGES: Final = PreparedQuery(_page, (NAME,), SUBJECTS.placed)
_PAGES_OF_INCIDENTS: Final = PreparedQuery(_page, _OF_BOTH, SUBJECTS.placed)
_COUNTS: Final = PreparedQuery(_count, (NAME,), number)
_COUNTS_OF_INCIDENTS: Final = PreparedQuery(_count, _OF_BOTH, number)
