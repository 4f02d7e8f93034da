"""The deployment requests, as they are and as they were: items, lists with their filters, counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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
    not_,
    select,
    tuple_,
)

from domain.catalogue import DEPLOYMENT_REQUEST
from domain.deployment_request.state import DeploymentRequest
from domain.recorded import Recorded
from projections import incidents
from projections.asking import FOREVER, Place, Question, Sight, among, called, standing, texts, uuids, visible, within
from projections.documents import decode, encode
from projections.folding import fold_versions, regions_around, version_columns
from projections.view import Folded, Memory, Values, View, present, versions

NAME: Final = "deployment_requests"
VERSION: Final = 1

table: Final = versions(
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
)
Index("ix_deployment_requests_submitted_at_id", table.c.submitted_at, table.c.id)
Index("ix_deployment_requests_status_submitted_at_id", table.c.status, table.c.submitted_at, table.c.id)
present(table, "id", unique=True)
present(table, "reference")
present(table, "submitted_at", "id")
present(table, "updated_at", "id")
present(table, "status", "submitted_at", "id")
present(table, "status", "updated_at", "id")
present(table, "due_at")
present(table, "expires_at")
present(table, "audience", postgresql_using="gin")
present(table, "regions", postgresql_using="gin")
present(table, "incidents", postgresql_using="gin")


class Order(StrEnum):
    """The orders of the contract."""

    SUBMITTED_AT_DESC = "SUBMITTED_AT_DESC"
    SUBMITTED_AT_ASC = "SUBMITTED_AT_ASC"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"
    UPDATED_AT_ASC = "UPDATED_AT_ASC"


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
        encode(state),
    )


def fold(state: DeploymentRequest | None, events: Sequence[Recorded[Any]]) -> Folded:
    return fold_versions(DEPLOYMENT_REQUEST, table, values, state, events)


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table,),
    memories={DEPLOYMENT_REQUEST.name: Memory(table=table, state=DeploymentRequest, versioned=True)},
    by_stream=(DEPLOYMENT_REQUEST,),
    fold=fold,
)


def by_ids(sight: Sight, ids: Iterable[UUID]) -> Question[DeploymentRequest]:
    """Those of the ids that exist and may be seen, in no order."""
    return _whole(sight, among(table.c.id, uuids(ids)))


def by_references(sight: Sight, references: Iterable[str]) -> Question[DeploymentRequest]:
    return _whole(sight, called(table, sight, references))


def at_versions(sight: Sight, pairs: Iterable[tuple[UUID, int]]) -> Question[tuple[int, DeploymentRequest]]:
    """The requests as they stood at these versions, each with the position of the event that made it.

    `as_of` is not looked at.
    """
    chosen = tuple_(table.c.id, table.c.version).in_(list(pairs))
    statement = select(table.c.position, table.c.document).where(chosen, visible(table, sight))
    return Question(statement, (NAME,), lambda row: (int(row[0]), decode(DeploymentRequest, row[1])))


def newest_versions(ids: Iterable[UUID]) -> Question[tuple[UUID, int]]:
    """How many events each of these requests has: whether one changed, not what it is."""
    statement = select(table.c.id, table.c.version).where(table.c.valid_until == FOREVER, among(table.c.id, uuids(ids)))
    return Question(statement, (NAME,), lambda row: (row[0], row[1]))


def resting_on(sight: Sight, incident_ids: Iterable[UUID]) -> Question[DeploymentRequest]:
    """The requests that name any of these incidents, the first submitted first: each tells in `incidents` which.

    Whether the incidents themselves may be seen is for the caller to have asked.
    """
    question = _whole(sight, table.c.incidents.bool_op("&&")(uuids(incident_ids)))
    ordered = question.statement.order_by(table.c.submitted_at, table.c.id)
    return Question(ordered, question.views, question.read)


def expiring(until: datetime, limit: int) -> Question[tuple[datetime, DeploymentRequest]]:
    """The approvals whose time has passed at the instant, the first to pass first: for the register itself."""
    passed = select(table.c.expires_at, table.c.document).where(
        table.c.valid_until == FOREVER, table.c.expires_at <= until
    )
    return Question(passed.order_by(table.c.expires_at, table.c.id).limit(limit), (NAME,), _expiring)


def next_expiry() -> Question[datetime | None]:
    """When the next approval's time passes, None where none does. One row."""
    return Question(select(func.min(table.c.expires_at)).where(table.c.valid_until == FOREVER), (NAME,), _instant)


def page(
    sight: Sight, wanted: Filter, order: Order, limit: int, after: Place | None = None
) -> Question[tuple[Place, DeploymentRequest]]:
    """The next items of a list. Ask for one more than is shown to know whether there are more."""
    ordered_by = table.c.submitted_at if order.value.startswith("SUBMITTED") else table.c.updated_at
    place = tuple_(ordered_by, table.c.id)
    statement = _filtered(sight, wanted, select(ordered_by, table.c.id, table.c.document)).limit(limit)
    if order.value.endswith("DESC"):
        statement = statement.order_by(ordered_by.desc(), table.c.id.desc())
        past = place < (after.at, after.id) if after else None
    else:
        statement = statement.order_by(ordered_by, table.c.id)
        past = place > (after.at, after.id) if after else None
    if past is not None:
        statement = statement.where(past)
    return Question(statement, _views(wanted), _placed)


def count(sight: Sight, wanted: Filter) -> Question[int]:
    """How many the whole list has. One row."""
    return Question(_filtered(sight, wanted, select(func.count()).select_from(table)), _views(wanted), _number)


def _filtered(sight: Sight, wanted: Filter, statement: Select[Any]) -> Select[Any]:
    return statement.where(standing(table, sight), visible(table, sight), *_conditions(sight, wanted))


def _conditions(sight: Sight, wanted: Filter) -> list[ColumnElement[bool]]:
    found = [
        among(column, texts(chosen))
        for column, chosen in (
            (table.c.status, wanted.status),
            (table.c.requesting_authority, wanted.requesting_authority),
            (table.c.deciding_authority, wanted.deciding_authority),
        )
        if chosen is not None
    ]
    if wanted.region is not None:
        found.append(within(table.c.regions, wanted.region))
    if wanted.incident is not None:
        found.append(table.c.incidents.bool_op("@>")(uuids([wanted.incident])))
        found.append(incidents.may_be_seen(sight, wanted.incident))
    if wanted.overdue is not None:
        found.append(_overdue(sight) if wanted.overdue else not_(_overdue(sight)))
    if wanted.questioned is not None:
        found.append(table.c.questioned if wanted.questioned else not_(table.c.questioned))
    if wanted.submitted_from is not None:
        found.append(table.c.submitted_at >= wanted.submitted_from)
    if wanted.submitted_until is not None:
        found.append(table.c.submitted_at < wanted.submitted_until)
    found.extend(func.strpos(table.c.searched, word) > 0 for word in (wanted.text or "").casefold().split())
    return found


def _overdue(sight: Sight) -> ColumnElement[bool]:
    now: Any = sight.as_of or sight.clock or func.now()
    return func.coalesce(table.c.due_at <= now, False)


def _views(wanted: Filter) -> tuple[str, ...]:
    return (NAME,) if wanted.incident is None else (NAME, incidents.NAME)


def _whole(sight: Sight, chosen: ColumnElement[bool]) -> Question[DeploymentRequest]:
    statement = select(table.c.document).where(standing(table, sight), visible(table, sight), chosen)
    return Question(statement, (NAME,), _state)


def _state(row: Sequence[Any]) -> DeploymentRequest:
    return decode(DeploymentRequest, row[0])


def _placed(row: Sequence[Any]) -> tuple[Place, DeploymentRequest]:
    return Place(row[0], row[1]), decode(DeploymentRequest, row[2])


def _number(row: Sequence[Any]) -> int:
    return int(row[0])


def _expiring(row: Sequence[Any]) -> tuple[datetime, DeploymentRequest]:
    return row[0], decode(DeploymentRequest, row[1])


def _instant(row: Sequence[Any]) -> datetime | None:
    instant: datetime | None = row[0]
    return instant
