"""`inbox`: what waits for the bearer of a token."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import typer

from domain.deployment_request.state import DeploymentRequest
from projections.reading.reader import Reader
from projections.views import authorities, deployment_requests, inbox
from projections.views.inbox import InboxFilter, InboxRow, Recipient
from service.cli.audit_commands import ask
from service.cli.register_access import AsOfOption, RegisterAccess, in_one_line, open_register
from service.cli.table_output import JsonOption, print_rows
from service.event_store.access_log import SENSITIVE, Disclosure
from service.exchange.visible_log.refused import ExportRefused
from service.settings import TOKEN_VARIABLE

COLUMNS = ("due", "action", "reference", "region", "since", "assignee", "why")


def add_to(app: typer.Typer) -> None:
    app.command("inbox")(show)


def show(
    overdue: Annotated[bool, typer.Option(help="Only what is overdue.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of items, the earliest due first.")] = 100,
    as_of: AsOfOption = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar=TOKEN_VARIABLE, help="Whose inbox: the bearer's. '@FILE' reads the token from a file. Required."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the actions that wait for you, by your authority and roles: on which request, why, since when, until when.

    The operator has no inbox: a token is needed.
    """
    with in_one_line(), open_register(token, as_of) as register:
        if register.scope.actor.is_system:
            raise ExportRefused("--token: whose inbox? It is that of the bearer of a token")
        wanted = InboxFilter(overdue=True if overdue else None)
        items, requests, total, sensitive = ask(register, lambda reader: _found(register, reader, wanted, limit))
        if sensitive:
            shown = [Disclosure(each.id, each.marking, each.submitted_by) for each in sensitive]
            register.record_disclosures("inbox", shown)
        print_rows(COLUMNS, [_row(item, requests[item.subject]) for item in items], as_json=as_json)
        if len(items) < total:
            typer.echo(f"There is more: {total} in all, with a higher --limit.", err=True)


async def _found(
    register: RegisterAccess, reader: Reader, wanted: InboxFilter, limit: int
) -> tuple[list[InboxRow], Mapping[UUID, DeploymentRequest], int, list[DeploymentRequest]]:
    """The items, their requests, how many items there are in all, and the requests that are sensitive by now."""
    scope = register.scope
    reading = await reader.reading(scope.actor, at_least=scope.end, as_of=scope.as_of, now=scope.now)
    viewer, code = reading.viewer_scope, scope.actor.authority
    held = authorities.mandates_of(code, await reading.rows(authorities.jurisdictions_of(viewer, [code])))
    holds = tuple(each.region for each in held if each.is_valid(scope.effective_time))
    whose = Recipient(actor=scope.actor, holds=holds)
    items = [item for _, item in await reading.rows(inbox.page(viewer, whose, wanted, limit))]
    [total] = await reading.rows(inbox.count(viewer, whose, wanted))
    ids = {item.subject for item in items}
    subjects = await reading.rows(deployment_requests.by_ids(viewer, ids))
    present = await reading.rows(deployment_requests.by_ids(viewer.now(), ids))
    requests: dict[UUID, DeploymentRequest] = {request.id: request for request in subjects}
    sensitive = [each for each in present if each.marking in SENSITIVE]
    return [item for item in items if item.subject in requests], requests, total, sensitive


def _row(item: InboxRow, request: DeploymentRequest) -> tuple[Any, ...]:
    assigned_to = request.assigned_to.subject if request.assigned_to else None
    return item.due, item.action, request.reference, request.region, item.since, assigned_to, item.why
