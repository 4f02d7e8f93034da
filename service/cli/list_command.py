"""`list`: the requests, with the filters of the API."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from domain import validation
from domain.deployment_request.state import RequestStatus
from domain.vocabulary import Region
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from service.cli.reading_options import AsOfOption, TokenOption, UrlOption, between, in_one_line
from service.cli.remote import requests as remote_requests
from service.cli.remote.server import Server
from service.cli.sources import Source, open_source
from service.cli.table_output import JsonOption, print_rows
from service.exchange.visible_log.refused import ExportRefused

COLUMNS = (
    "reference",
    "status",
    "requestingAuthority",
    "decidingAuthority",
    "region",
    "force",
    "strength",
    "submittedAt",
)


class Order(StrEnum):
    """The orders of the API, as options are spelled."""

    SUBMITTED_DESC = "submitted-desc"
    SUBMITTED_ASC = "submitted-asc"
    UPDATED_DESC = "updated-desc"
    UPDATED_ASC = "updated-asc"
    DUE_ASC = "due-asc"

    @property
    def in_api(self) -> RequestOrder:
        what, direction = self.value.upper().split("-")
        return RequestOrder(f"{what}_{direction}" if self is Order.DUE_ASC else f"{what}_AT_{direction}")


def add_to(app: typer.Typer) -> None:
    app.command("list")(show)


def show(
    status: Annotated[
        list[str] | None, typer.Option(help="Status, such as 'UNDER_REVIEW'; repeat for several.")
    ] = None,
    requesting: Annotated[list[str] | None, typer.Option(help="Code of the requesting authority.")] = None,
    deciding: Annotated[list[str] | None, typer.Option(help="Code of the deciding authority.")] = None,
    region: Annotated[list[str] | None, typer.Option(help="Region, with all regions below it.")] = None,
    incident: Annotated[str | None, typer.Option(help="Reference of an incident that the request names.")] = None,
    overdue: Annotated[
        bool | None, typer.Option("--overdue/--not-overdue", help="With a hold or a condition past its date.")
    ] = None,
    questioned: Annotated[
        bool | None, typer.Option("--questioned/--not-questioned", help="With an approval whose grounds have fallen.")
    ] = None,
    submitted_from: Annotated[str | None, typer.Option(help="Submitted at this instant or later.")] = None,
    submitted_until: Annotated[str | None, typer.Option(help="Submitted before this instant.")] = None,
    text: Annotated[str | None, typer.Option(help="Each word occurs in reference, force or purpose.")] = None,
    order: Annotated[Order, typer.Option(help="Order of the list.")] = Order.SUBMITTED_DESC,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of requests.")] = 100,
    as_of: AsOfOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the requests that you may see. Values of one filter are combined with OR, filters with AND."""
    with in_one_line(), open_source(url, token, as_of) as source:
        submitted = between(submitted_from, submitted_until, "--submitted-until")
        wanted = RequestListFilter(
            status=_statuses(status),
            requesting_authority=requesting or None,
            deciding_authority=deciding or None,
            region=_regions(region),
            incident=None if incident is None else _incident(source, incident),
            overdue=overdue,
            questioned=questioned,
            submitted_from=submitted[0],
            submitted_until=submitted[1],
            text=text,
        )
        rows, more = _rows(source, wanted, order.in_api, limit)
        print_rows(COLUMNS, rows, as_json=as_json)
        if more:
            typer.echo("There is more: with a higher --limit.", err=True)


def _rows(
    source: Source, wanted: RequestListFilter, order: RequestOrder, limit: int
) -> tuple[list[tuple[Any, ...]], bool]:
    """The rows, and whether there are more."""
    if isinstance(source, Server):
        return remote_requests.requests(source, wanted, order, limit)
    from service.cli.local import local_requests

    return local_requests.requests(source, wanted, order, limit)


def _statuses(names: list[str] | None) -> list[str] | None:
    unknown = [name for name in names or () if name not in RequestStatus.__members__]
    if unknown:
        raise ExportRefused(f"--status: no status is called '{unknown[0]}': {', '.join(RequestStatus)} are")
    return names or None


def _regions(paths: list[str] | None) -> list[str] | None:
    for path in paths or ():
        if (problem := validation.judge(path, Region)) is not None:
            raise ExportRefused(f"--region: '{path}': {problem}")
    return paths or None


def _incident(source: Source, reference: str) -> UUID:
    """Raises ExportRefused."""
    if isinstance(source, Server):
        return remote_requests.incident_id(source, reference)
    from service.cli.local import local_requests

    return local_requests.incident_id(source, reference)
