"""Lists of deployment requests with their filters, orders and counts, as they are and as they were."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, func, not_, select

from domain.deployment_request.state import DeploymentRequest
from projections import incidents, situation
from projections.asking import Place, Question, Sight, any_of, overlaps, standing, uuids, visible
from projections.deployment_requests import NAME, request_in, table
from projections.listing import APART, SLACK, Part, beneath, first_of, gathered, merged, ordered, outermost


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
    """The contract's filter: what is None does not narrow; an empty tuple matches nothing."""

    status: Sequence[str] | None = None
    requesting_authority: Sequence[str] | None = None
    deciding_authority: Sequence[str] | None = None
    region: Sequence[str] | None = None
    incident: UUID | None = None
    overdue: bool | None = None
    questioned: bool | None = None
    submitted_from: datetime | None = None
    submitted_until: datetime | None = None
    text: str | None = None

    @property
    def leaves_few(self) -> bool:
        return self.incident is not None or bool(self.overdue) or bool(self.questioned)


def page(
    sight: Sight, wanted: Filter, order: Order, limit: int, after: Place | None = None
) -> Question[tuple[Place, DeploymentRequest]]:
    """The next items of a list. Ask for one more than is shown to know whether there are more."""
    part = Part(limit=limit, after=after, falling=order.is_falling)
    if wanted.leaves_few:
        keys = select(_ordered_by(sight, order).label("at"), table.c.id, table.c.version)
        statement = gathered(_standing(sight, wanted, keys), table, part)
    else:
        statement = merged([_listed(sight, each, order, part) for each in _apart(wanted)], part)
    return Question(statement, _views(wanted), _placed)


def count(sight: Sight, wanted: Filter) -> Question[int]:
    """How many the whole list has. One row. Of all, of statuses and of those in places, it is counted beforehand."""
    told = Filter(status=wanted.status, region=wanted.region)
    if wanted == told and (wanted.region is None or wanted.status is not None):
        return situation.requests(sight, wanted.status, wanted.region)
    if sight.as_of is None or [*_passing(sight, wanted)]:
        statement = _standing(sight, wanted, select(func.count()).select_from(table))
    else:
        first, there_by_then = first_of(table, sight.as_of)
        statement = select(func.count()).select_from(first).where(there_by_then, overlaps(first.c.audience, sight))
        statement = statement.where(*_lasting(first, wanted))
    return Question(statement, _views(wanted), _number)


def _apart(wanted: Filter) -> list[Filter]:
    """One filter for each status, or else for each region, as each has a list of its own in an index."""
    if wanted.status is not None and 1 < len(set(wanted.status)) <= APART:
        return [replace(wanted, status=[status]) for status in dict.fromkeys(wanted.status)]
    regions = outermost(wanted.region or ())
    if 1 < len(regions) <= APART:
        return [replace(wanted, region=[region]) for region in regions]
    return [wanted]


def _listed(sight: Sight, wanted: Filter, order: Order, part: Part) -> Select[Any]:
    by = _ordered_by(sight, order)
    statement = _standing(sight, wanted, select(by.label("at"), table.c.id, table.c.document))
    if sight.as_of is None:
        return ordered(statement, by, table.c.id, part)
    if wanted.status is not None:
        if order.is_by_submission:
            statement = statement.where(table.c.submitted_at <= sight.as_of + SLACK)
        return ordered(statement, by, table.c.id, part)
    first, there_by_then = first_of(table, sight.as_of)
    if order.is_by_submission:
        along = select(first.c.submitted_at.label("at"), first.c.id, table.c.document)
        along = along.where(there_by_then, first.c.submitted_at <= sight.as_of + SLACK, *_lasting(first, wanted))
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
        yield beneath(rows, outermost(wanted.region))
    if wanted.submitted_from is not None:
        yield rows.c.submitted_at >= wanted.submitted_from
    if wanted.submitted_until is not None:
        yield rows.c.submitted_at < wanted.submitted_until


def _passing(sight: Sight, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """What changes."""
    if wanted.status is not None:
        yield any_of(table.c.status, wanted.status)
    if wanted.incident is not None:
        yield table.c.incidents.bool_op("@>")(uuids([wanted.incident]))
        yield incidents.may_be_seen(sight, wanted.incident)
    if wanted.overdue is not None:
        overdue = table.c.due_at <= (sight.as_of or sight.clock or func.now())
        yield (
            overdue & (table.c.due_at < table.c.valid_until) if wanted.overdue else not_(func.coalesce(overdue, False))
        )
    if wanted.questioned is not None:
        yield table.c.questioned if wanted.questioned else not_(table.c.questioned)
    yield from (func.strpos(table.c.searched, word) > 0 for word in (wanted.text or "").casefold().split())


def _views(wanted: Filter) -> tuple[str, ...]:
    return (NAME,) if wanted.incident is None else (NAME, incidents.NAME)


def _placed(row: Sequence[Any]) -> tuple[Place, DeploymentRequest]:
    return Place(row[0], row[1]), request_in(row[2])


def _number(row: Sequence[Any]) -> int:
    return int(row[0])
