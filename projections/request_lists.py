"""Lists of deployment requests with their filters, orders and counts, as they are and as they were."""

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
from projections.reading.filter_shape import Part, Shape, each, once, parameters, part_values, shaped
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
    Place,
    Prepared,
    Question,
    Sight,
    instant,
    judged_at,
    overlaps,
    standing,
    visible,
)


class Order(StrEnum):
    """The orders of the contract."""

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
class Filter:
    """The contract's filter: what is None does not narrow; an empty tuple matches nothing. words: of its text."""

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
        """The same, and nothing twice: of regions, those that lie in no other one; words as patterns."""
        return replace(
            self,
            status=once(self.status),
            requesting_authority=once(self.requesting_authority),
            deciding_authority=once(self.deciding_authority),
            region=None if self.region is None else outermost(self.region),
            words=None if self.words is None else [containing(word.casefold()) for word in self.words],
        )


def page(
    sight: Sight, wanted: Filter, order: Order, limit: int, after: Place | None = None
) -> Question[tuple[Place, DeploymentRequest]]:
    """The next items of a list. Ask for one more than is shown to know whether there are more."""
    shape, values = shaped(wanted.plain(), *_EACH)
    part = Part(continued=after is not None, falling=order.is_falling)
    prepared = _PAGES if wanted.incident is None else _PAGES_OF_INCIDENTS
    return prepared.of(sight, shape, order, part, **values, **part_values(limit, after))


def count(sight: Sight, wanted: Filter, *, row_by_row: bool = False) -> Question[int]:
    """How many the whole list has. One row. Of all, of statuses and of those in places, it is counted beforehand.

    row_by_row: so that it agrees with the list where rows are not what was counted.
    """
    if not row_by_row and wanted == Filter(status=wanted.status, region=wanted.region):
        return situation_counts.requests(sight, wanted.status, wanted.region)
    shape, values = shaped(wanted.plain(), *_EACH)
    prepared = _COUNTS if wanted.incident is None else _COUNTS_OF_INCIDENTS
    return prepared.of(sight, shape, **values)


def _page(sight: Sight, shape: Shape, order: Order, part: Part) -> Select[Any]:
    wanted = Filter(**parameters(shape))
    if wanted.leaves_few:
        keys = select(_ordered_by(sight, order).label("at"), table.c.id, table.c.version)
        return shown(gathered(_standing(sight, wanted, keys), table, part), part, state_in)
    return shown(merged([_listed(sight, one, order, part) for one in _apart(wanted)], part), part, state_in)


def _count(sight: Sight, shape: Shape) -> Select[Any]:
    wanted = Filter(**parameters(shape))
    if sight.as_of is None or [*_passing(sight, wanted)]:
        return _standing(sight, wanted, select(func.count()).select_from(table))
    first, there_by_then = first_of(table, sight)
    statement = select(func.count()).select_from(first).where(there_by_then, overlaps(first.c.audience, sight))
    return statement.where(*_lasting(first, wanted))


def _apart(wanted: Filter) -> list[Filter]:
    """One filter for each status, or else for each region, as each has a list of its own in an index."""
    if len(statuses := each(wanted.status)) > 1:
        return [replace(wanted, status=[status]) for status in statuses]
    if len(regions := each(wanted.region)) > 1:
        return [replace(wanted, region=[region]) for region in regions]
    return [wanted]


def _listed(sight: Sight, wanted: Filter, order: Order, part: Part) -> Select[Any]:
    by = _ordered_by(sight, order)
    statement = _standing(sight, wanted, select(by.label("at"), *_KEPT))
    if sight.as_of is None:
        return ordered(statement, by, table.c.id, part)
    if wanted.status is not None:
        if order.is_by_submission:
            statement = statement.where(table.c.submitted_at <= instant(sight) + SLACK)
        return ordered(statement, by, table.c.id, part)
    first, there_by_then = first_of(table, sight)
    if order.is_by_submission:
        along = select(first.c.submitted_at.label("at"), first.c.id, *_KEPT[1:])
        along = along.where(there_by_then, first.c.submitted_at <= instant(sight) + SLACK, *_lasting(first, wanted))
        along = along.where(table.c.id == first.c.id, *_stood(sight, wanted))
        return ordered(along, first.c.submitted_at, first.c.id, part)
    if found := list(_lasting(first, wanted)):
        statement = statement.where(table.c.id == first.c.id, there_by_then, *found)
    return ordered(statement, by, table.c.id, part)


def _standing(sight: Sight, wanted: Filter, statement: Select[Any]) -> Select[Any]:
    return statement.where(*_stood(sight, wanted), *_lasting(table, wanted))


def _stood(sight: Sight, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What passes, of the row that stands or stood. What lasts is told of one row: of two, it misleads the planner."""
    yield from (standing(table, sight), visible(table, sight), *_passing(sight, wanted))


def _ordered_by(sight: Sight, order: Order) -> ColumnElement[Any]:
    """What updated a row is what it is valid from: by that, what is past is indexed."""
    if order.is_by_submission:
        return table.c.submitted_at
    return table.c.updated_at if sight.as_of is None else table.c.valid_from


def _lasting(rows: FromClause, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What never changes of a request."""
    for name in ("requesting_authority", "deciding_authority"):
        if (chosen := getattr(wanted, name)) is not None:
            yield any_of(rows.c[name], chosen)
    if wanted.region is not None:
        yield beneath(rows, wanted.region)
    if wanted.submitted_from is not None:
        yield rows.c.submitted_at >= wanted.submitted_from
    if wanted.submitted_until is not None:
        yield rows.c.submitted_at < wanted.submitted_until


def _passing(sight: Sight, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What changes."""
    if wanted.status is not None:
        yield any_of(table.c.status, wanted.status)
    if wanted.incident is not None:
        yield table.c.incidents.bool_op("@>")(array([wanted.incident], type_=Uuid))
        yield incidents.may_be_seen(sight, wanted.incident)
    if wanted.overdue is not None:
        overdue = table.c.due_at <= judged_at()
        yield (
            overdue & (table.c.due_at < table.c.valid_until) if wanted.overdue else not_(func.coalesce(overdue, False))
        )
    if wanted.questioned is not None:
        yield table.c.questioned if wanted.questioned else not_(table.c.questioned)
    if wanted.words is not None:
        yield like_all(table.c.searched, wanted.words)


def _placed(row: Sequence[Any]) -> tuple[Place, DeploymentRequest]:
    return Place(row[0], row[1]), request_in(row[2], row[3])


def _number(row: Sequence[Any]) -> int:
    return int(row[0])


_KEPT: Final = (table.c.id, table.c.version, table.c.document)
_EACH: Final = ("status", "region")
_OF_BOTH: Final = (NAME, incidents.NAME)
_PAGES: Final = Prepared(_page, (NAME,), _placed)
_PAGES_OF_INCIDENTS: Final = Prepared(_page, _OF_BOTH, _placed)
_COUNTS: Final = Prepared(_count, (NAME,), _number)
_COUNTS_OF_INCIDENTS: Final = Prepared(_count, _OF_BOTH, _number)
