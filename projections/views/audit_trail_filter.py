"""The filter and the ranges of the audit trail."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    ColumnElement,
    Table,
    Text,
    Uuid,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
)

from domain.vocabulary import Person
from projections.reading.list_queries import beneath
from projections.reading.queries import FOREVER
from projections.views import deployment_requests, incidents
from projections.views.audit_trail import table

BEYOND: Final = 2**63 - 1
"""A position that no event reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrailFilter:
    """The API's filter; None does not filter. actor: a subject. on_behalf_of: for whom a deputy acted.

    authority: the one that the actor acted for.

    region: in which the request or incident is now, or above it.
    """

    actor: str | None = None
    on_behalf_of: Person | None = None
    authority: str | None = None
    type: Sequence[str] | None = None
    subject: UUID | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    occurred_from: datetime | None = None
    occurred_until: datetime | None = None
    correlation_id: UUID | None = None
    region: str | None = None

    @property
    def values(self) -> dict[str, object]:
        """The fields that filter, by name."""
        found = {name: value for name in self.__dataclass_fields__ if (value := getattr(self, name)) is not None}
        if self.on_behalf_of is not None:
            found["on_behalf_of"] = list(self.on_behalf_of)
        if self.type is not None:
            found["type"] = list(dict.fromkeys(self.type))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRange:
    """The positions between two others, both excluded. newest_first: whether they are read from the last one."""

    after: int = 0
    before: int = BEYOND
    newest_first: bool = False


FROM_THE_START: Final = PositionRange()


def _first_recorded(name: str) -> ColumnElement[int]:
    """The position of the first event recorded at or after the instant: times never fall as positions rise."""
    instant = bindparam(name, type_=TIMESTAMP(timezone=True))
    ordered = select(table.c.position).order_by(table.c.recorded_at, table.c.position).limit(literal_column("1"))
    return func.coalesce(ordered.where(table.c.recorded_at >= instant).correlate(None).scalar_subquery(), BEYOND)


def _is_in_region(subjects: Table) -> ColumnElement[bool]:
    """Whether the subject is one of these and now in the region, or below it."""
    rows = subjects.alias("placed")
    placed = (rows.c.id == table.c.subject) & (rows.c.valid_until == FOREVER)
    return exists().where(placed, beneath(rows, [bindparam("region", type_=Text)]))


_CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    "actor": table.c.actor_subject == bindparam("actor", type_=Text),
    "on_behalf_of": table.c.actor_on_behalf_of.is_not(None)
    & (table.c.actor_on_behalf_of == bindparam("on_behalf_of", type_=ARRAY(Text))),
    "authority": table.c.actor_authority == bindparam("authority", type_=Text),
    "subject": table.c.subject == bindparam("subject", type_=Uuid),
    "correlation_id": table.c.correlation == bindparam("correlation_id", type_=Uuid),
    "region": or_(_is_in_region(deployment_requests.table), _is_in_region(incidents.table)),
    "recorded_from": table.c.position >= _first_recorded("recorded_from"),
    "recorded_until": table.c.position < _first_recorded("recorded_until"),
}
"""By field of the filter. Several types are found one by one, each in an index."""
_IMPORTED: Final[Mapping[str, ColumnElement[bool]]] = {
    "occurred_from": table.c.occurred_at >= bindparam("occurred_from", type_=TIMESTAMP(timezone=True)),
    "occurred_until": table.c.occurred_at < bindparam("occurred_until", type_=TIMESTAMP(timezone=True)),
}
_OTHERS: Final[Mapping[str, ColumnElement[bool]]] = {
    "occurred_from": table.c.position >= _first_recorded("occurred_from"),
    "occurred_until": table.c.position < _first_recorded("occurred_until"),
}
"""What is not imported happens when it is recorded."""


def alternatives(chosen: Collection[str]) -> list[list[ColumnElement[bool]]]:
    """The conditions of these fields but `type`. Where there are two lists, an event meets those of one at most: they
    are found in different indexes."""
    own = [_CONDITIONS[name] for name in chosen if name in _CONDITIONS]
    if _IMPORTED.keys().isdisjoint(chosen):
        return [own]
    others = [table.c.occurred_at.is_(None), *(_OTHERS[name] for name in chosen if name in _OTHERS)]
    return [[*own, *others], [*own, *(_IMPORTED[name] for name in chosen if name in _IMPORTED)]]
