"""The incidents, current and past: items, lists with their filters, counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Select,
    Text,
    func,
    select,
)

from domain.catalogue import INCIDENT
from domain.fast_replace import fast_replace
from domain.incident.inbox import takes_findings
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.vocabulary import AnalyticConfidence, Likelihood, Threshold
from projections.reading.filter_shape import (
    Condition,
    Filter,
    PageShape,
    Shape,
    conditions,
    parameters,
    part_values,
    shape_of,
    split,
)
from projections.reading.list_queries import (
    any_of,
    beneath,
    indexed,
    merged,
    ordered,
    outermost,
)
from projections.reading.queries import (
    ListPosition,
    PreparedQuery,
    Query,
    ViewerScope,
    number,
    valid_at,
    visible,
)
from projections.reading.statements import with_one_plan
from projections.reading.subject_queries import Names, SubjectQueries
from projections.rows.partial_states import partial_readers
from projections.rows.state_items import reader_with_items, without_items
from projections.rows.version_rows import fold_versions, regions_around, version_columns
from projections.tables.row_documents import encode
from projections.tables.view import IS_CURRENT, Folded, StateTable, Values, View, items, present_index, version_table
from projections.views import incident_inbox_rows

NAME: Final = "incidents"
VERSION: Final = 15

_incident_in: Final = reader_with_items(Incident)

table: Final = version_table(
    NAME,
    Column("reference", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    Column("reported_at", TIMESTAMP(timezone=True), nullable=False),
    Column("found_likelihood", Integer),
    Column("found_confidence", Integer),
    Column("takes_findings", Boolean),
)
present_index(table, "id", unique=True)
present_index(table, "reference")
present_index(table, "status", "occurred_at", "id")
indexed("present_occurred", table, "occurred_at", "id", "kind", "place", where=IS_CURRENT)
indexed("occurred", table, "occurred_at", "id", "valid_from", "valid_until", "kind", "place")
indexed("standing", table, "id", "valid_from", "valid_until")
indexed("place", table, "place", "valid_from", "valid_until")
indexed("status_occurred", table, "status", "occurred_at", "id", "valid_from", "valid_until")

incident_items: Final = items("incident_items")

LEAST: Final = Threshold(likelihood=Likelihood.ALMOST_NO_CHANCE, confidence=AnalyticConfidence.LOW)
"""The threshold that every finding reaches which can suffice for a hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentListFilter:
    """The API's filter. None does not filter; an empty tuple matches nothing."""

    attribution_status: Sequence[str] | None = None
    region: Sequence[str] | None = None
    kind: Sequence[str] | None = None
    occurred_from: datetime | None = None
    occurred_until: datetime | None = None


def values(state: Incident, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Values:
    return (
        *version_columns(recorded, until, state.marking, audience),
        state.reference,
        state.status.value,
        state.kind,
        regions_around(state.region),
        state.occurred_at,
        state.reported_at,
        *_found(state),
        takes_findings(state),
        encode(without_items(state)),
    )


def _found(state: Incident) -> tuple[int | None, int | None]:
    """The ranks of the current finding, if it can suffice for a hold."""
    finding = state.attribution
    if finding is None or not finding.suffices(LEAST):
        return None, None
    return finding.likelihood.rank, finding.confidence.rank


def fold(state: Incident | None, events: Sequence[Recorded[Any]]) -> Folded:
    beside = {
        incident_inbox_rows.table: incident_inbox_rows.rows,
        incident_inbox_rows.answers: incident_inbox_rows.rows_of_answers,
    }
    return fold_versions(INCIDENT, table, values, state, events, incident_items, beside)


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table, incident_items, incident_inbox_rows.table, incident_inbox_rows.answers),
    memories={INCIDENT.name: StateTable(table=table, read=_incident_in, versioned=True, items=incident_items)},
    by_stream=(INCIDENT,),
    fold=fold,
)


SUBJECTS: Final = SubjectQueries(table, incident_items, _incident_in, partial_readers(Incident))
by_ids: Final = SUBJECTS.by_ids
by_references: Final = SUBJECTS.by_references


def may_be_seen(scope: ViewerScope, incident: BindParameter[UUID]) -> ColumnElement[bool]:
    """A condition for other queries: what the viewer may not see does not exist, nor does what depends on it."""
    named = select(table.c.id).where(table.c.id == incident, valid_at(table, scope.now()), visible(table, scope))
    return named.exists()


def page(
    scope: ViewerScope,
    wanted: IncidentListFilter,
    limit: int,
    after: ListPosition | None = None,
    *,
    names: Names | None = None,
) -> Query[tuple[ListPosition, Incident]]:
    """The next items of the list, latest occurrence first. Query one more than you show, to know if there are more.

    names: what is read of each state.
    """
    shape, values = shape_of(wanted, _EACH, _PREPARED)
    read = SUBJECTS.reader(names)
    found = _PAGES.of(scope, shape, after is not None, read is not None, **values, **part_values(limit, after))
    return found if read is None else fast_replace(found, read=SUBJECTS.placed_by(read))


def count(scope: ViewerScope, wanted: IncidentListFilter) -> Query[int]:
    """How many items the whole list has. One row."""
    shape, values = shape_of(wanted, _EACH, _PREPARED)
    return _COUNTS.of(scope, shape, **values)


def _page(scope: ViewerScope, shape: Shape, continued: bool, bounded: bool) -> Select[Any]:
    part = PageShape(continued=continued, falling=True)
    lists = [_listed(scope, one, part) for one in split(parameters(shape), *_EACH)]
    statement = SUBJECTS.listed(merged(lists, part), part, bounded=bounded)
    return with_one_plan(statement) if scope.as_of is None and not shape else statement


def _count(scope: ViewerScope, shape: Shape) -> Select[Any]:
    return _filtered(scope, parameters(shape), select(func.count()).select_from(table))


def _listed(scope: ViewerScope, wanted: Filter, part: PageShape) -> Select[Any]:
    statement = _filtered(scope, wanted, select(table.c.occurred_at.label("at"), *_KEPT))
    return ordered(statement, table.c.occurred_at, table.c.id, part)


def _filtered(scope: ViewerScope, wanted: Filter, statement: Select[Any]) -> Select[Any]:
    return statement.where(
        valid_at(table, scope),
        visible(table, scope),
        *conditions(wanted, _CONDITIONS, table),
    )


_EACH: Final = ("attribution_status", "region")
_PREPARED: Final = {"region": outermost}
_CONDITIONS: Final[Mapping[str, Condition]] = {
    "attribution_status": lambda rows, chosen: any_of(rows.c.status, chosen),
    "kind": lambda rows, chosen: any_of(rows.c.kind, chosen),
    "region": beneath,
    "occurred_from": lambda rows, chosen: rows.c.occurred_at >= chosen,
    "occurred_until": lambda rows, chosen: rows.c.occurred_at < chosen,
}


_KEPT: Final = (table.c.id, table.c.version, table.c.document)
_PAGES: Final = PreparedQuery(_page, (NAME,), SUBJECTS.placed)
_COUNTS: Final = PreparedQuery(_count, (NAME,), number)
