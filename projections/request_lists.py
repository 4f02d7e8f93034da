"""Lists of deployment requests with their filters, orders and counts, current and past."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, func, not_, select
from sqlalchemy.dialects.postgresql import array

from domain.deployment_request.state import DeploymentRequest
from projections import incidents, situation_counts
from projections.deployment_requests import NAME, request_in, state_in, table
from projections.reading.filter_shape import PageShape, Shape, distinct, each, parameters, part_values, shape_of
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
    shown,
)
from projections.reading.queries import (
    ListPosition,
    PreparedQuery,
    Query,
    ViewerScope,
    instant,
    judgement_time,
    overlaps,
    valid_at,
    visible,
)


class RequestOrder(StrEnum):
    """The orders of the API."""

    SUBMITTED_AT_DESC = "SUBMITTED_AT_DESC"
    SUBMITTED_AT_ASC = "SUBMITTED_AT_ASC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"
    UPDATED_AT_ASC = "UPDATED_AT_ASC"

    @property
    def is_by_submission(self) -> bool:
        return self.value.startswith("SUBMITTED")

    @property
    def is_falling(self) -> bool:
        return self.value.endswith("DESC")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestListFilter:
    """The API's filter. None does not filter; an empty tuple matches nothing. words: of its `text`."""

    status: Sequence[str] | None = None
    requesting_authority: Sequence[str] | None = None
    deciding_authority: Sequence[str] | None = None
    region: Sequence[str] | None = None
    incident: UUID | None = None
    overdue: bool | None = None
    questioned: bool | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    words: Sequence[str] | None = None

    @property
    def leaves_few(self) -> bool:
        return self.incident is not None or bool(self.overdue) or bool(self.questioned)

    def plain(self) -> Self:
        """The same filter without duplicates. Of regions, only those that lie in no other one; words as patterns."""
        return replace(
            self,
            status=distinct(self.status),
            requesting_authority=distinct(self.requesting_authority),
            deciding_authority=distinct(self.deciding_authority),
            region=None if self.region is None else outermost(self.region),
            words=None if self.words is None else [containing(word.casefold()) for word in self.words],
        )


def page(
    scope: ViewerScope, wanted: RequestListFilter, order: RequestOrder, limit: int, after: ListPosition | None = None
) -> Query[tuple[ListPosition, DeploymentRequest]]:
    """The next items of a list. Query one more than you show, to know whether there are more."""
    shape, values = shape_of(wanted.plain(), *_EACH)
    part = PageShape(continued=after is not None, falling=order.is_falling)
    prepared = _PAGES if wanted.incident is None else _PAGES_OF_INCIDENTS
    return prepared.of(scope, shape, order, part, **values, **part_values(limit, after))


def count(scope: ViewerScope, wanted: RequestListFilter, *, row_by_row: bool = False) -> Query[int]:
    """How many items the whole list has. One row. Filters by status and region alone use the running counts.

    row_by_row: counts rows instead, to agree with the list where rows differ from the running counts.
    """
    if not row_by_row and wanted == RequestListFilter(status=wanted.status, region=wanted.region):
        return situation_counts.requests(scope, wanted.status, wanted.region)
    shape, values = shape_of(wanted.plain(), *_EACH)
    prepared = _COUNTS if wanted.incident is None else _COUNTS_OF_INCIDENTS
    return prepared.of(scope, shape, **values)


def _page(scope: ViewerScope, shape: Shape, order: RequestOrder, part: PageShape) -> Select[Any]:
    wanted = RequestListFilter(**parameters(shape))
    if wanted.leaves_few:
        keys = select(_ordered_by(scope, order).label("at"), table.c.id, table.c.version)
        return shown(gathered(_filtered(scope, wanted, keys), table, part), part, state_in)
    return shown(merged([_listed(scope, one, order, part) for one in _split(wanted)], part), part, state_in)


def _count(scope: ViewerScope, shape: Shape) -> Select[Any]:
    wanted = RequestListFilter(**parameters(shape))
    if scope.as_of is None or [*_passing(scope, wanted)]:
        return _filtered(scope, wanted, select(func.count()).select_from(table))
    first, there_by_then = first_of(table, scope)
    statement = select(func.count()).select_from(first).where(there_by_then, overlaps(first.c.audience, scope))
    return statement.where(*_lasting(first, wanted))


def _split(wanted: RequestListFilter) -> list[RequestListFilter]:
    """One filter for each status, or else for each region: each has its own ordered range of an index."""
    if len(statuses := each(wanted.status)) > 1:
        return [replace(wanted, status=[status]) for status in statuses]
    if len(regions := each(wanted.region)) > 1:
        return [replace(wanted, region=[region]) for region in regions]
    return [wanted]


def _listed(scope: ViewerScope, wanted: RequestListFilter, order: RequestOrder, part: PageShape) -> Select[Any]:
    by = _ordered_by(scope, order)
    statement = _filtered(scope, wanted, select(by.label("at"), *_KEPT))
    if scope.as_of is None:
        return ordered(statement, by, table.c.id, part)
    if wanted.status is not None:
        if order.is_by_submission:
            statement = statement.where(table.c.submitted_at <= instant(scope) + SLACK)
        return ordered(statement, by, table.c.id, part)
    first, there_by_then = first_of(table, scope)
    if order.is_by_submission:
        along = select(first.c.submitted_at.label("at"), first.c.id, *_KEPT[1:])
        along = along.where(there_by_then, first.c.submitted_at <= instant(scope) + SLACK, *_lasting(first, wanted))
        along = along.where(table.c.id == first.c.id, *_passing_conditions(scope, wanted))
        return ordered(along, first.c.submitted_at, first.c.id, part)
    if found := list(_lasting(first, wanted)):
        statement = statement.where(table.c.id == first.c.id, there_by_then, *found)
    return ordered(statement, by, table.c.id, part)


def _filtered(scope: ViewerScope, wanted: RequestListFilter, statement: Select[Any]) -> Select[Any]:
    return statement.where(*_passing_conditions(scope, wanted), *_lasting(table, wanted))


def _passing_conditions(scope: ViewerScope, wanted: RequestListFilter) -> Iterator[ColumnElement[bool]]:
    """Conditions on columns that change, of the row valid then. Lasting columns are filtered on one table only: filters
    on both mislead the planner."""
    yield from (valid_at(table, scope), visible(table, scope), *_passing(scope, wanted))


def _ordered_by(scope: ViewerScope, order: RequestOrder) -> ColumnElement[Any]:
    """valid_from is when the row was updated. Past rows are indexed by that."""
    if order.is_by_submission:
        return table.c.submitted_at
    return table.c.updated_at if scope.as_of is None else table.c.valid_from


def _lasting(rows: FromClause, wanted: RequestListFilter) -> Iterator[ColumnElement[bool]]:
    """Conditions on columns of a request that never change."""
    for name in ("requesting_authority", "deciding_authority"):
        if (chosen := getattr(wanted, name)) is not None:
            yield any_of(rows.c[name], chosen)
    if wanted.region is not None:
        yield beneath(rows, wanted.region)
    if wanted.submitted_from is not None:
        yield rows.c.submitted_at >= wanted.submitted_from
    if wanted.submitted_until is not None:
        yield rows.c.submitted_at < wanted.submitted_until


def _passing(scope: ViewerScope, wanted: RequestListFilter) -> Iterator[ColumnElement[bool]]:
    """Conditions on columns that change."""
    if wanted.status is not None:
        yield any_of(table.c.status, wanted.status)
    if wanted.incident is not None:
        yield table.c.incidents.bool_op("@>")(array([wanted.incident], type_=Uuid))
        yield incidents.may_be_seen(scope, wanted.incident)
    if wanted.overdue is not None:
        overdue = table.c.due_at <= judgement_time()
        yield (
            overdue & (table.c.due_at < table.c.valid_until) if wanted.overdue else not_(func.coalesce(overdue, False))
        )
    if wanted.questioned is not None:
        yield table.c.questioned if wanted.questioned else not_(table.c.questioned)
    if wanted.words is not None:
        yield like_all(table.c.searched, wanted.words)


def _placed(row: Sequence[Any]) -> tuple[ListPosition, DeploymentRequest]:
    return ListPosition(row[0], row[1]), request_in(row[2], row[3])


def _number(row: Sequence[Any]) -> int:
    return int(row[0])


_KEPT: Final = (table.c.id, table.c.version, table.c.document)
_EACH: Final = ("status", "region")
_OF_BOTH: Final = (NAME, incidents.NAME)
_PAGES: Final = PreparedQuery(_page, (NAME,), _placed)
_PAGES_OF_INCIDENTS: Final = PreparedQuery(_page, _OF_BOTH, _placed)
_COUNTS: Final = PreparedQuery(_count, (NAME,), _number)
_COUNTS_OF_INCIDENTS: Final = PreparedQuery(_count, _OF_BOTH, _number)
