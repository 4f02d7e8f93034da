"""The list of requests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from projections.views.request_list_filter import RequestListFilter, RequestOrder
from service.cli.remote.events import Code, SubjectNamed
from service.cli.remote.pages import PageAnswer, Struct, first_nodes
from service.cli.remote.server import Server, segment
from service.cli.remote.server_response import NotVisible
from service.exchange.visible_log.refused import INCIDENT, unseen


class ListedRequest(Struct):
    reference: str
    status: str
    requesting_authority: Code
    deciding_authority: Code
    region: str
    force: str
    strength: int
    submitted_at: datetime


def requests(
    server: Server, wanted: RequestListFilter, order: RequestOrder, limit: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows, and whether there are more."""
    found, page = first_nodes(
        server,
        "/requests",
        PageAnswer[ListedRequest],
        limit,
        status=wanted.status,
        requestingAuthority=wanted.requesting_authority,
        decidingAuthority=wanted.deciding_authority,
        region=wanted.region,
        incident=wanted.incident,
        overdue=wanted.overdue,
        questioned=wanted.questioned,
        submittedFrom=wanted.submitted_from,
        submittedUntil=wanted.submitted_until,
        text=wanted.text,
        orderBy=order,
    )
    return [_row(request) for request in found], page.page_info.has_next_page


def incident_id(server: Server, reference: str) -> UUID:
    """Raises ExportRefused alike if there is no such incident and if it is not visible."""
    try:
        return server.get(f"/incidents/{segment(reference)}", SubjectNamed, asOf=server.as_of).id
    except NotVisible:
        raise unseen(reference, (INCIDENT,), by_then=server.as_of is not None) from None


def _row(request: ListedRequest) -> tuple[Any, ...]:
    return (
        request.reference,
        request.status,
        request.requesting_authority.code,
        request.deciding_authority.code,
        request.region,
        request.force,
        request.strength,
        request.submitted_at,
    )
