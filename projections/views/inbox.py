"""What waits for a person: pages and counts, now and as of an instant.

The conditions are those of `AwaitedStep.waits_for` and, for incidents, of `AwaitedOnIncident.waits_for`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, false, func, literal_column, or_, select

from domain.vocabulary import Actor, Marking
from projections.reading.filter_shape import (
    Condition,
    PageShape,
    Shape,
    conditions,
    parameters,
    part_values,
    shape_of,
)
from projections.reading.list_queries import any_of, beneath, merged, ordered, outermost
from projections.reading.queries import (
    ListPosition,
    PreparedQuery,
    Query,
    ViewerScope,
    is_any_of,
    judgement_time,
    named_texts,
    valid_at,
    visible,
)
from projections.views import incident_inbox, incidents
from projections.views.deployment_requests import NAME
from projections.views.inbox_rows import ME, NEVER, person_id, table


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """The API's filter. None does not filter; an empty tuple matches nothing."""

    action: Sequence[str] | None = None
    region: Sequence[str] | None = None
    overdue: bool | None = None
    due_until: datetime | None = None
    assigned_to_me: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whose inbox it is. holds: the regions over which the actor's authority holds a mandate at the instant; others:
    the regions within these over which other authorities do."""

    actor: Actor
    holds: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def deciding(self) -> tuple[str, ...]:
        """The roles in which there is a place that they might decide on."""
        return _roles(self) if self.holds else ()

    @property
    def values(self) -> Mapping[str, object]:
        return {
            "own_authority": self.actor.authority,
            "own_id": person_id(self.actor.person),
            "holds": list(self.holds),
            "others": list(self.others),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """id: of the item. kind, subject: a request or an incident. marking: of the subject."""

    id: UUID
    kind: str
    subject: UUID
    action: str
    why: str
    since: datetime
    due: datetime | None
    marking: Marking

    def is_overdue(self, now: datetime) -> bool:
        return self.due is not None and self.due <= now


def page(
    scope: ViewerScope, whose: Recipient, wanted: InboxFilter, limit: int, after: ListPosition | None = None
) -> Query[tuple[ListPosition, InboxRow]]:
    """The next items, the earliest due first. Query one more than you show, to know if there are more."""
    shape, values = shape_of(wanted, (), _PREPARED)
    part = PageShape(continued=after is not None, falling=False)
    return _PAGES.of(
        scope, shape, _roles(whose), whose.deciding, part, **values, **whose.values, **part_values(limit, after)
    )


def count(scope: ViewerScope, whose: Recipient, wanted: InboxFilter) -> Query[int]:
    """How many items the whole list has. One row."""
    shape, values = shape_of(wanted, (), _PREPARED)
    roles = _roles(whose)
    return _COUNTS.of(scope, shape, roles, whose.deciding, own_roles=list(roles), **values, **whose.values)


def _roles(whose: Recipient) -> tuple[str, ...]:
    """Those that something may wait for: one list each."""
    return tuple(sorted({role.value for role in whose.actor.roles})) or ("",)


def _page(
    scope: ViewerScope, shape: Shape, roles: Sequence[str], deciding: Sequence[str], part: PageShape
) -> Select[Any]:
    columns = (table.c.due_at.label("at"), table.c.item.label("id"), *_SHOWN)
    lists = [
        ordered(
            _waiting(scope, shape, select(*columns)).where(table.c.role == role), table.c.due_at, table.c.item, part
        )
        for role in roles
    ]
    return merged([*lists, *incident_inbox.lists(scope, shape, deciding, part)], part)


def _count(scope: ViewerScope, shape: Shape, roles: Sequence[str], deciding: Sequence[str]) -> Select[Any]:
    counted = _waiting(scope, shape, select(func.count()).select_from(table))
    of_requests = counted.where(is_any_of(table.c.role, named_texts("own_roles")))
    every = (of_requests, *incident_inbox.counts(scope, shape, deciding))
    return select(reduce(add, (each.scalar_subquery() for each in every)))


def _waiting(scope: ViewerScope, shape: Shape, statement: Select[Any]) -> Select[Any]:
    now = judgement_time()
    return statement.where(
        valid_at(table, scope),
        visible(table, scope),
        table.c.authority == bindparam("own_authority", type_=Text()),
        table.c.since <= now,
        or_(table.c.until.is_(None), now < table.c.until),
        table.c.for_all != is_any_of(ME, table.c.exceptions),
        or_(~table.c.under_mandate, table.c.regions.bool_op("&&")(named_texts("holds"))),
        *conditions(parameters(shape), _CONDITIONS, table),
    )


def _read(row: Sequence[Any]) -> tuple[ListPosition, InboxRow]:
    due_at, item, kind, subject, action, why, since, marking = row
    found = InboxRow(
        id=item,
        kind=kind,
        subject=subject,
        action=action,
        why=why,
        since=since,
        due=None if due_at == NEVER else due_at,
        marking=Marking(marking),
    )
    return ListPosition(due_at, item), found


def _number(row: Sequence[Any]) -> int:
    return int(row[0])


KIND: Final[ColumnElement[str]] = literal_column("'DeploymentRequest'", Text)
_SHOWN: Final = (
    KIND.label("kind"),
    table.c.id.label("subject"),
    table.c.action,
    table.c.why,
    table.c.since,
    table.c.marking,
)
_PREPARED: Final = {"region": outermost}
_CONDITIONS: Final[Mapping[str, Condition]] = {
    "action": lambda rows, chosen: any_of(rows.c.action, chosen),
    "region": beneath,
    "overdue": lambda rows, wanted: (rows.c.due_at <= judgement_time()) == wanted,
    "assigned_to_me": lambda rows, wanted: func.coalesce(rows.c.assigned_to == ME, false()) == wanted,
    "due_until": lambda rows, chosen: and_(rows.c.due_at < chosen, rows.c.due_at < NEVER),
}
_OF_BOTH: Final = (NAME, incidents.NAME)
_PAGES: Final = PreparedQuery(_page, _OF_BOTH, _read)
_COUNTS: Final = PreparedQuery(_count, _OF_BOTH, _number)
