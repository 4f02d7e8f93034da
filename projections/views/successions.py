"""The undecided requests whose deciding authority has lost its mandate, for the policy that names a successor."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import literal, select

from domain.decider import Context
from domain.deployment_request.state import RequestStatus
from domain.deployment_request.succession import due_successor
from domain.jurisdiction import Jurisdiction, Mandate, stream_of
from domain.vocabulary import SYSTEM, AuthorityCode, Region, RequestId, regions_of
from projections.reading.list_queries import beneath
from projections.reading.queries import FOREVER, Query
from projections.views.deployment_requests import NAME, table

UNDECIDED: Final = (RequestStatus.SUBMITTED, RequestStatus.UNDER_REVIEW, RequestStatus.WITHHELD_PENDING_ATTRIBUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndecidedRequest:
    """What the succession of a request depends on."""

    id: RequestId
    requesting_authority: AuthorityCode
    deciding_authority: AuthorityCode
    region: Region
    successor: AuthorityCode | None


def ended(jurisdictions: Iterable[Jurisdiction], now: datetime) -> Iterator[Mandate]:
    """A mandate of each authority over each region that it no longer holds, or that it held before."""
    for state in jurisdictions:
        over = {each.authority: each for each in state.mandates if not each.is_valid(now) and each.valid_from <= now}
        yield from over.values()


def undecided(mandate: Mandate) -> Query[UndecidedRequest]:
    """The undecided requests that the holder of a mandate decides on, in its region. Not filtered by viewer."""
    columns = (table.c.id, table.c.requesting_authority, table.c.deciding_authority, table.c.regions, table.c.successor)
    statement = select(*columns).where(
        table.c.valid_until == FOREVER,
        table.c.deciding_authority == mandate.authority,
        table.c.status.in_([status.value for status in UNDECIDED]),
        beneath(table, [literal(mandate.region)]),
    )
    return Query(statement, (NAME,), _read)


def is_superseded(request: UndecidedRequest, jurisdictions: Iterable[Jurisdiction], now: datetime) -> bool:
    known = {each.region: each for each in jurisdictions}
    consulted: Mapping[UUID, object] = {stream_of(each): known.get(each) for each in regions_of(request.region)}
    context = Context(actor=SYSTEM, now=now, subject=request.id, consulted=consulted)
    return due_successor(request, context) != request.successor


def _read(row: Sequence[Any]) -> UndecidedRequest:
    request, requesting, deciding, regions, successor = row
    return UndecidedRequest(
        id=request,
        requesting_authority=requesting,
        deciding_authority=deciding,
        region=regions[0],
        successor=successor,
    )
