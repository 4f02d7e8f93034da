"""What waits for a person: pages and counts, now and as of an instant.

The conditions are those of `AwaitedStep.waits_for` and, for incidents, of `AwaitedOnIncident.waits_for`. What waits for
the principals of a deputy is listed too, once for each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from domain.vocabulary import Marking, derived_id
from projections.reading.filter_shape import (
    LIMIT,
    Condition,
    PageShape,
    Shape,
    conditions,
    parameters,
    part_values,
    shape_of,
)
from projections.reading.list_queries import any_of, beneath, ordered, outermost
from projections.reading.queries import (
    ListPosition,
    PreparedQuery,
    Query,
    ViewerScope,
    is_any_of,
    judgement_time,
    named_texts,
    number,
    valid_at,
    visible,
)
from projections.views import incident_inbox, incidents, lent_inbox
from projections.views.deployment_requests import NAME
from projections.views.inbox_recipient import Form, Recipient
from projections.views.inbox_rows import ME, table
from projections.views.inbox_table import NEVER
from projections.views.lent_inbox import NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilter:
    """The API's filter. None does not filter; an empty tuple matches nothing."""

    action: Sequence[str] | None = None
    region: Sequence[str] | None = None
    overdue: bool | None = None
    due_until: datetime | None = None
    assigned_to_me: bool | None = None


class InboxPosition(NamedTuple):
    """The end of a page, as ListPosition. principal: for whom the last item waits, NOBODY for the viewer."""

    at: datetime
    id: UUID
    principal: UUID = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """id: of the item. kind, subject: a request or an incident. marking: of the subject. principal: by `person_id`;
    None: the viewer."""

    id: UUID
    kind: str
    subject: UUID
    action: str
    why: str
    since: datetime
    due: datetime | None
    marking: Marking
    principal: UUID | None = None

    def is_overdue(self, now: datetime) -> bool:
        return self.due is not None and self.due <= now


def page(
    scope: ViewerScope, whose: Recipient, wanted: InboxFilter, limit: int, after: InboxPosition | None = None
) -> Query[tuple[InboxPosition, InboxRow]]:
    """The next items, the earliest due first. Query one more than you show, to know if there are more."""
    shape, values = shape_of(wanted, (), _PREPARED)
    part = PageShape(continued=after is not None, falling=False)
    place = part_values(limit, ListPosition(after.at, after.id) if after else None)
    beyond = {"after_principal": after.principal} if after else {}
    return _PAGES.of(scope, shape, whose.form, part, **values, **whose.values, **place, **beyond)


def count(scope: ViewerScope, whose: Recipient, wanted: InboxFilter) -> Query[int]:
    """How many items the whole list has. One row."""
    shape, values = shape_of(wanted, (), _PREPARED)
    return _COUNTS.of(scope, shape, whose.form, own_roles=list(whose.roles), **values, **whose.values)


def _page(scope: ViewerScope, shape: Shape, form: Form, part: PageShape) -> Select[Any]:
    lists: list[Select[Any]] = []
    if form.own:
        lists += [_own_page(scope, shape, role, part) for role in form.roles]
        lists += [_with_nobody(each) for each in incident_inbox.lists(scope, shape, form, part)]
    if form.lent:
        lists += [lent_inbox.page(*each, part) for each in _lent_lists(scope, shape, form)]
    if len(lists) == 1:
        return lists[0]
    every = union_all(*(select(each.subquery()) for each in lists)).subquery("every")
    return select(every).order_by(every.c.at, every.c.id, every.c.principal).limit(LIMIT)


def _with_nobody(found: Select[Any]) -> Select[Any]:
    rows = found.subquery()
    return select(*rows.c, _NOBODY)


def _own_page(scope: ViewerScope, shape: Shape, role: str, part: PageShape) -> Select[Any]:
    """What waits for the viewer comes before what waits for their principals."""
    columns = (*_PLACE, *_SHOWN, _NOBODY)
    found = _waiting(scope, shape, select(*columns)).where(_IS_OWN, table.c.role == role)
    return ordered(found, table.c.due_at, table.c.item, part)


def _lent_lists(scope: ViewerScope, shape: Shape, form: Form) -> Iterator[tuple[Select[Any], FromClause, FromClause]]:
    """Of what waits for principals: the select, the rows that it orders, and the principals."""
    lent = lent_inbox.by_role()
    found = _waiting(scope, shape, select(*_PLACE, *_SHOWN), lent.c.principal)
    yield found.where(_is_lent(lent)), table, lent
    yield from incident_inbox.lent_lists(scope, shape, form)


def _count(scope: ViewerScope, shape: Shape, form: Form) -> Select[Any]:
    counts: list[ColumnElement[int]] = []
    if form.own:
        of_viewer = _waiting(scope, shape, select(func.count()).select_from(table))
        counts.append(of_viewer.where(_IS_OWN, is_any_of(table.c.role, named_texts("own_roles"))).scalar_subquery())
        counts += [each.scalar_subquery() for each in incident_inbox.counts(scope, shape, form)]
    if form.lent:
        for found, rows, lent in _lent_lists(scope, shape, form):
            counted = found.with_only_columns(func.count(), maintain_column_froms=True)
            counts.append(counted.select_from(rows, lent).scalar_subquery())
    return select(sum(counts[1:], start=counts[0]).label("number"))


def _is_lent(lent: FromClause) -> ColumnElement[bool]:
    both: Any = array([ME, lent.c.principal], type_=Uuid())
    return and_(table.c.role == lent.c.role, not_(table.c.apart.bool_op("&&")(both)))


def _waiting(
    scope: ViewerScope, shape: Shape, statement: Select[Any], principal: ColumnElement[Any] | None = None
) -> Select[Any]:
    """principal: for whom it waits, if not for the viewer."""
    now = judgement_time()
    persons = [ME] if principal is None else [ME, principal]
    assigned = func.coalesce(table.c.assigned_to.in_(persons), false())
    return statement.where(
        valid_at(table, scope),
        visible(table, scope),
        table.c.authority == bindparam("own_authority", type_=Text()),
        table.c.since <= now,
        or_(table.c.until.is_(None), now < table.c.until),
        or_(~table.c.under_mandate, table.c.regions.bool_op("&&")(named_texts("holds"))),
        *conditions(parameters(shape), {**_CONDITIONS, "assigned_to_me": lambda _, wanted: assigned == wanted}, table),
    )


def _read(row: Sequence[Any]) -> tuple[InboxPosition, InboxRow]:
    due_at, item, kind, subject, action, why, since, marking, principal = row
    own = principal == NOBODY
    found = InboxRow(
        id=item if own else derived_id("inbox for", str(principal), str(item)),
        kind=kind,
        subject=subject,
        action=action,
        why=why,
        since=since,
        due=None if due_at == NEVER else due_at,
        marking=Marking(marking),
        principal=None if own else principal,
    )
    return InboxPosition(due_at, item, principal), found


KIND: Final[ColumnElement[str]] = literal_column("'DeploymentRequest'", Text)
_IS_OWN: Final = table.c.for_all != is_any_of(ME, table.c.exceptions)
_PLACE: Final = (table.c.due_at.label("at"), table.c.item.label("id"))
_NOBODY: Final = literal(NOBODY, Uuid()).label("principal")
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
    "due_until": lambda rows, chosen: and_(rows.c.due_at < chosen, rows.c.due_at < NEVER),
}
_OF_BOTH: Final = (NAME, incidents.NAME)
_PAGES: Final = PreparedQuery(_page, _OF_BOTH, _read)
_COUNTS: Final = PreparedQuery(_count, _OF_BOTH, number)
