"""What waits for a person on incidents: the lists that `projections.views.inbox` merges with those of requests."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import array

from domain.incident.commands import CONTRIBUTORS
from domain.incident.inbox import ANSWER, FINDING
from domain.vocabulary import Role
from projections.reading.filter_shape import Condition, PageShape, Shape, conditions, parameters
from projections.reading.list_queries import any_of, beneath, ordered
from projections.reading.queries import ViewerScope, is_any_of, judgement_time, named_texts, valid_at, visible
from projections.views import incidents, lent_inbox
from projections.views.inbox_recipient import Form
from projections.views.inbox_rows import ME, findings
from projections.views.inbox_table import NEVER
from projections.views.incident_inbox_rows import answers, table

KIND: Final[ColumnElement[str]] = literal_column("'Incident'", Text)
_ANSWERING: Final = frozenset(role.value for role in CONTRIBUTORS)
_ANSWER: Final[ColumnElement[str]] = literal_column(f"'{ANSWER}'", Text)
_FINDING: Final[ColumnElement[str]] = literal_column(f"'{FINDING}'", Text)


def lists(scope: ViewerScope, shape: Shape, form: Form, part: PageShape) -> Iterator[Select[Any]]:
    """Lists that share no item, each in the order of the inbox: of what they own, by role, and of awaited findings."""
    shown = select(*_columns(table, table.c.id, table.c.action, table.c.marking))
    waiting = shown.where(*_waiting(scope, shape))
    yield ordered(waiting.where(_is_owner()), table.c.due_at, table.c.item, part)
    for role in form.deciding:
        by_role = waiting.where(table.c.role == role, *_is_for_others(form))
        yield ordered(by_role, table.c.due_at, table.c.item, part)
    if Role.INVESTIGATOR in form.deciding:
        shown = select(*_columns(findings, findings.c.incident, _FINDING, incidents.table.c.marking))
        yield ordered(shown.where(*_lacking(scope, shape, form)), findings.c.due_at, findings.c.item, part)
    if not _ANSWERING.isdisjoint(form.roles):
        yield ordered(_answers(scope, shape), answers.c.due_at, answers.c.item, part)


def lent_lists(scope: ViewerScope, shape: Shape, form: Form) -> Iterator[tuple[Select[Any], FromClause, FromClause]]:
    """As `lists`, for the principals of a deputy: what either owns, by role, and awaited findings."""
    shown = select(*_columns(table, table.c.id, table.c.action, table.c.marking))
    waiting = shown.where(*_waiting(scope, shape))
    lenders = lent_inbox.each("lenders")
    yield waiting.where(_is_owned_by(ME, lenders.c.principal)), table, lenders
    if form.decides:
        lent = lent_inbox.by_role()
        both: Any = array([ME, lent.c.principal], type_=Uuid())
        others = ~func.coalesce(_is_owned_by(ME, lent.c.principal), False)
        by_role = waiting.where(table.c.role == lent.c.role, others, not_(table.c.exceptions.bool_op("&&")(both)))
        yield by_role.where(_decides(table, form)), table, lent
        finders = lent_inbox.each("finders")
        shown = select(*_columns(findings, findings.c.incident, _FINDING, incidents.table.c.marking))
        yield shown.where(*_lacking(scope, shape, form)), findings, finders
    yield _answers(scope, shape), answers, lent_inbox.each("answerers")


def counts(scope: ViewerScope, shape: Shape, form: Form) -> Iterator[Select[Any]]:
    counted = select(func.count()).select_from(table).where(*_waiting(scope, shape))
    yield counted.where(_is_owner())
    if form.deciding:
        yield counted.where(is_any_of(table.c.role, named_texts("own_roles")), *_is_for_others(form))
    if Role.INVESTIGATOR in form.deciding:
        both = select(func.count()).select_from(findings).join(incidents.table, _SAME)
        yield both.where(*_lacking(scope, shape, form))
    if not _ANSWERING.isdisjoint(form.roles):
        yield _answers(scope, shape).with_only_columns(func.count())


def _answers(scope: ViewerScope, shape: Shape) -> Select[Any]:
    """Those that the own authority is to give: by `AwaitedAnswer.waits_for`, but for the role."""
    return select(*_columns(answers, answers.c.id, _ANSWER, answers.c.marking)).where(
        valid_at(answers, scope),
        visible(answers, scope),
        answers.c.authority == OWN_AUTHORITY,
        answers.c.since <= judgement_time(),
        *conditions(parameters(shape), _CONDITIONS_OF_ANSWERS, answers),
    )


def _columns(
    rows: FromClause, subject: ColumnElement[Any], action: ColumnElement[Any], marking: ColumnElement[Any]
) -> tuple[ColumnElement[Any], ...]:
    """As those of requests."""
    return (
        rows.c.due_at.label("at"),
        rows.c.item.label("id"),
        KIND.label("kind"),
        subject.label("subject"),
        action.label("action"),
        rows.c.why,
        rows.c.since,
        marking,
    )


def _is_owned_by(*persons: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(table.c.owner.in_(persons), table.c.owner_authority == OWN_AUTHORITY)


def _is_owner() -> ColumnElement[bool]:
    return and_(table.c.owner == ME, table.c.owner_authority == OWN_AUTHORITY)


def _waiting(scope: ViewerScope, shape: Shape) -> Iterator[ColumnElement[bool]]:
    """For whom it waits aside."""
    yield from (valid_at(table, scope), visible(table, scope), table.c.since <= judgement_time())
    yield from conditions(parameters(shape), _CONDITIONS, table)


def _is_for_others(form: Form) -> Iterator[ColumnElement[bool]]:
    """Whether it waits for others than its owner, but for the role: by `AwaitedOnIncident.waits_for`."""
    yield ~func.coalesce(_is_owner(), False)
    yield from (_decides(table, form), ~is_any_of(ME, table.c.exceptions))


def _lacking(scope: ViewerScope, shape: Shape, form: Form) -> Iterator[ColumnElement[bool]]:
    """Findings that a visible hold awaits, and that are not there: by `is_lacking` and `takes_findings`."""
    rows = incidents.table
    yield from (valid_at(findings, scope), visible(findings, scope), findings.c.since <= judgement_time())
    yield from (_SAME, valid_at(rows, scope), visible(rows, scope), rows.c.takes_findings)
    yield _decides(rows, form)
    yield or_(
        func.coalesce(rows.c.found_likelihood, -1) < findings.c.likelihood,
        func.coalesce(rows.c.found_confidence, -1) < findings.c.confidence,
    )
    yield from conditions(parameters(shape), _CONDITIONS_OF_FINDINGS, findings)


def _decides(rows: FromClause, form: Form) -> ColumnElement[bool]:
    """Whether, of the regions around the place that have a mandate, the own authority holds that of the nearest.

    The place lies beneath one of those held: of a few, an index by place finds what little lies there.
    """
    around = func.unnest(rows.c.regions).table_valued("region", with_ordinality="n", name="around").render_derived()
    held, held_by_others = (is_any_of(around.c.region, named_texts(name)) for name in ("holds", "others"))
    nearest = select(held).select_from(around).where(or_(held, held_by_others)).order_by(around.c.n).limit(1)
    inside = beneath(rows, parameters(form.places)["held"])
    return and_(inside, func.coalesce(nearest.scalar_subquery(), False))


def _is_overdue(rows: FromClause, wanted: bool) -> ColumnElement[bool]:
    return (rows.c.due_at <= judgement_time()) == wanted


def _is_due(rows: FromClause, until: Any) -> ColumnElement[bool]:
    return and_(rows.c.due_at < until, rows.c.due_at < NEVER)


def _is_assigned(rows: FromClause, wanted: bool) -> ColumnElement[bool]:
    """Incidents are assigned to nobody."""
    return literal_column("false" if wanted else "true")


OWN_AUTHORITY: Final = bindparam("own_authority", type_=Text())
_SAME: Final = incidents.table.c.id == findings.c.incident
_DUE: Final[Mapping[str, Condition]] = {
    "overdue": _is_overdue,
    "due_until": _is_due,
    "assigned_to_me": _is_assigned,
}
_CONDITIONS: Final[Mapping[str, Condition]] = {
    **_DUE,
    "action": lambda rows, chosen: any_of(rows.c.action, chosen),
    "region": beneath,
}
_CONDITIONS_OF_ANSWERS: Final[Mapping[str, Condition]] = {
    **_CONDITIONS,
    "action": lambda rows, chosen: any_of(_ANSWER, chosen),
}
_CONDITIONS_OF_FINDINGS: Final[Mapping[str, Condition]] = {
    **_DUE,
    "action": lambda rows, chosen: any_of(_FINDING, chosen),
    "region": lambda rows, regions: beneath(incidents.table, regions),
}
