"""The deployment requests, current and past: tables, fold, and queries of single requests."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Boolean,
    Column,
    ColumnElement,
    Index,
    Select,
    Text,
    Uuid,
    func,
    literal_column,
    select,
    text,
)

from domain.catalogue import DEPLOYMENT_REQUEST
from domain.deployment_request.state import DeploymentRequest
from domain.recorded_event import Recorded
from projections.reading.list_queries import FIRST, indexed
from projections.reading.queries import (
    EVERYTHING,
    FOREVER,
    PreparedQuery,
    Query,
    ViewerScope,
    is_any_of,
    named_uuids,
    valid_at,
)
from projections.reading.subject_queries import Names, SubjectQueries
from projections.rows.partial_states import partial_readers
from projections.rows.state_items import reader_with_items, without_items
from projections.rows.version_rows import fold_versions, regions_around, version_columns
from projections.tables.row_documents import encode
from projections.tables.view import IS_CURRENT, Folded, StateTable, Values, View, items, present_index, version_table
from projections.views import inbox_rows

NAME: Final = "deployment_requests"
VERSION: Final = 17

request_in: Final = reader_with_items(DeploymentRequest)
"""Decodes a request from a row's document and its items."""

FILTERED: Final = ("requesting_authority", "deciding_authority", "place")
"""Filter columns at the end of list indexes: non-matching rows are not fetched."""
WAS_OVERDUE: Final = text("due_at < valid_until")

table: Final = version_table(
    NAME,
    Column("reference", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("requesting_authority", Text, nullable=False),
    Column("deciding_authority", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("incidents", ARRAY(Uuid), nullable=False),
    Column("submitted_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
    Column("due_at", TIMESTAMP(timezone=True)),
    Column("expires_at", TIMESTAMP(timezone=True)),
    Column("questioned", Boolean, nullable=False),
    Column("searched", Text, nullable=False),
    Column("successor", Text),
)
due: Final = func.coalesce(table.c.due_at, literal_column("'9999-01-01 00:00:00+00'::timestamptz"))
"""When a request is due, in lists ordered by that: without a due date, at the end."""
present_index(table, "id", unique=True)
present_index(table, "reference")
present_index(table, "status", "submitted_at", "id")
present_index(table, "status", "updated_at", "id")
present_index(table, "due_at")
present_index(table, "expires_at")
present_index(table, "incidents", postgresql_using="gin")
indexed("present_submitted", table, "submitted_at", "id", *FILTERED, where=IS_CURRENT)
indexed("present_updated", table, "updated_at", "id", *FILTERED, where=IS_CURRENT)
indexed("first", table, "submitted_at", "id", "valid_from", *FILTERED, where=FIRST)
indexed("present_place", table, "place", "id", where=IS_CURRENT)
indexed("place", table, "place", "valid_from", "valid_until")
indexed("standing", table, "id", "valid_from", "valid_until")
indexed("submitted", table, "submitted_at", "id", "valid_from", "valid_until", *FILTERED)
indexed("updated", table, "valid_from", "id", "valid_until", "submitted_at", *FILTERED)
indexed("status_submitted", table, "status", "submitted_at", "id", "valid_from", "valid_until")
indexed("status_updated", table, "status", "valid_from", "id", "valid_until")
indexed("overdue", table, "due_at", "valid_until", "valid_from", where=WAS_OVERDUE)
indexed("present_due", table, due, "id", "status", *FILTERED, where=IS_CURRENT)
indexed("due", table, due, "id", "valid_from", "valid_until", "status")
indexed("questioned", table, "valid_from", "valid_until", where=text("questioned"))
Index("ix_deployment_requests_incidents", table.c.incidents, postgresql_using="gin")

request_items: Final = items("deployment_request_items", within=True)


def values(state: DeploymentRequest, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Values:
    return (
        *version_columns(recorded, until, state.marking, audience),
        state.reference,
        state.status.value,
        state.requesting_authority,
        state.deciding_authority,
        regions_around(state.region),
        state.incidents,
        state.submitted_at,
        state.updated_at,
        state.next_due(),
        state.expires_at,
        state.decision is not None and state.decision.is_questioned,
        "\n".join((state.reference, state.force, state.purpose.value or "")).casefold(),
        state.successor,
        encode(without_items(state)),
    )


_BESIDE: Final = {inbox_rows.table: inbox_rows.rows, inbox_rows.findings: inbox_rows.rows_of_findings}


def fold(state: DeploymentRequest | None, events: Sequence[Recorded[Any]]) -> Folded:
    return fold_versions(DEPLOYMENT_REQUEST, table, values, state, events, request_items, _BESIDE)


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table, request_items, *_BESIDE),
    memories={DEPLOYMENT_REQUEST.name: StateTable(table=table, read=request_in, versioned=True, items=request_items)},
    by_stream=(DEPLOYMENT_REQUEST,),
    fold=fold,
)


SUBJECTS: Final = SubjectQueries(table, request_items, request_in, partial_readers(DeploymentRequest))
by_ids: Final = SUBJECTS.by_ids
by_references: Final = SUBJECTS.by_references
at_versions: Final = SUBJECTS.at_versions


def newest_versions(ids: Iterable[UUID]) -> Query[tuple[UUID, int]]:
    """The latest version of each of these requests, without loading it."""
    return _NEWEST_VERSIONS.of(EVERYTHING, ids=list(ids))


def resting_on(
    scope: ViewerScope, incident_ids: Iterable[UUID], names: Names | None = None
) -> Query[DeploymentRequest]:
    """The requests that name any of these incidents, in the order of submission. `incidents` of each says which.

    names: what else is read of each request. The caller checks whether the viewer may see the incidents.
    """
    also = None if names is None else names | {"incidents"}
    return SUBJECTS.prepared(_RESTING_ON, scope, also, ids=list(incident_ids))


def names_any(scope: ViewerScope, incidents: ColumnElement[Any]) -> ColumnElement[bool]:
    """The rows that name any of these incidents. A function finds them for a viewer: see 0005_row_security."""
    named = table.c.incidents.bool_op("&&")(incidents)
    if scope.viewer.tokens is None:
        return named
    found = func.array(select(func.projections.requests_naming(incidents)).scalar_subquery())
    return is_any_of(table.c.id, found) & named


def expiring(until: datetime, limit: int) -> Query[tuple[datetime, DeploymentRequest]]:
    """The approvals that have expired at the instant, in the order of expiry. Not filtered by viewer."""
    passed = select(table.c.expires_at, *SUBJECTS.columns(table)).where(
        table.c.valid_until == FOREVER, table.c.expires_at <= until
    )
    return Query(passed.order_by(table.c.expires_at, table.c.id).limit(limit), (NAME,), _expiring)


def _newest_versions(scope: ViewerScope) -> Select[Any]:
    chosen = is_any_of(table.c.id, named_uuids("ids"))
    return select(table.c.id, table.c.version).where(valid_at(table, scope), chosen)


def _resting_on(scope: ViewerScope, bounded: bool) -> Select[Any]:
    found = SUBJECTS.states(scope, names_any(scope, named_uuids("ids")), bounded=bounded)
    return found.order_by(table.c.submitted_at, table.c.id)


def _expiring(row: Sequence[Any]) -> tuple[datetime, DeploymentRequest]:
    return row[0], request_in(row[1], row[2])


_NEWEST_VERSIONS: Final[PreparedQuery[tuple[UUID, int]]] = PreparedQuery(
    _newest_versions, (NAME,), lambda row: (row[0], row[1])
)
_RESTING_ON: Final = PreparedQuery(_resting_on, (NAME,), SUBJECTS.state)
