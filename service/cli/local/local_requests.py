"""The list of requests."""

from typing import Any
from uuid import UUID

from domain.catalogue import INCIDENT
from domain.deployment_request.state import DeploymentRequest
from projections.reading.reader import Reader
from projections.views import deployment_requests, request_lists
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from service.cli.local.register import RegisterAccess
from service.cli.local.view_queries import ask
from service.event_store.access_log import SENSITIVE, Disclosure


def requests(
    register: RegisterAccess, wanted: RequestListFilter, order: RequestOrder, limit: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows, and whether there are more. Recorded in the access log."""
    found, sensitive, more = ask(register, lambda reader: _found(register, reader, wanted, order, limit))
    if sensitive:
        shown = [Disclosure(each.id, each.marking, each.submitted_by) for each in sensitive]
        register.record_disclosures("list", shown)
    return [_row(request) for request in found], more


def incident_id(register: RegisterAccess, reference: str) -> UUID:
    """Raises ExportRefused alike if there is no such incident and if it is not visible."""
    found = register.about(reference, (INCIDENT,)).scope.subject
    assert found is not None
    return found


async def _found(
    register: RegisterAccess, reader: Reader, wanted: RequestListFilter, order: RequestOrder, limit: int
) -> tuple[list[DeploymentRequest], list[DeploymentRequest], bool]:
    """The requests, those of them that are sensitive by now, and whether there are more."""
    scope = register.scope
    reading = await reader.reading(scope.actor, at_least=scope.end, as_of=scope.as_of, now=scope.now)
    page = await reading.rows(request_lists.page(reading.viewer_scope, wanted, order, limit + 1))
    found = [request for _, request in page[:limit]]
    ids = {request.id for request in found}
    present = await reading.rows(deployment_requests.by_ids(reading.viewer_scope.now(), ids))
    return found, [each for each in present if each.marking in SENSITIVE], len(page) > limit


def _row(request: DeploymentRequest) -> tuple[Any, ...]:
    return (
        request.reference,
        request.status,
        request.requesting_authority,
        request.deciding_authority,
        request.region,
        request.force,
        request.strength,
        request.submitted_at,
    )
