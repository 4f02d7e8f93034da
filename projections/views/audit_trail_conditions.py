"""The conditions of the filter of the audit trail."""

from collections.abc import Collection, Mapping
from typing import Final

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

from projections.reading.list_queries import beneath
from projections.reading.queries import FOREVER
from projections.views import deployment_requests, incidents
from projections.views.audit_trail import table
from projections.views.audit_trail_filter import BEYOND


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
