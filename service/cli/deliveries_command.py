"""`deliveries`: messages to webhook endpoints and mail addresses, queued, sent and given up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from typing import Annotated, Any
from uuid import UUID

import psycopg
import typer

from projections.tables.deliveries import DeliveryState
from service.cli.counted_nouns import number_of
from service.cli.error_output import print_error_line
from service.cli.rebuild_commands import answering
from service.cli.table_output import JsonOption, print_rows
from service.database.startup import open_database
from service.errors import Misconfigured
from service.notifications import queue
from service.notifications.overview import overview
from service.settings import Settings

COLUMNS = ("id", "state", "endpoint", "name", "type", "subject", "position", "attempts", "queued", "due", "outcome")
ENDPOINT_COLUMNS = ("id", "channel", "authority", "name", "status", "since", "pending", "dead", "delivered", "failure")
OPEN = (DeliveryState.PENDING, DeliveryState.DEAD)

IdsArgument = Annotated[list[int] | None, typer.Argument(help="Ids of messages, as listed.")]
EndpointOption = Annotated[str | None, typer.Option("--endpoint", help="The id of an endpoint: only its messages.")]


def add_to(app: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Messages to webhook endpoints and mail addresses.")
    commands.command("list")(list_)
    commands.command("endpoints")(endpoints)
    commands.command("retry")(retry)
    commands.command("skip")(skip)
    app.add_typer(commands, name="deliveries")


def list_(
    state: Annotated[
        list[DeliveryState] | None, typer.Option(help="Only messages in these states. Default: PENDING and DEAD.")
    ] = None,
    endpoint: EndpointOption = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of messages, the oldest first.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Lists messages: to which endpoint, of which event, and how the last attempt ended.

    Exit status 1 if any that is listed was given up. Later messages about its subject wait for it.
    """
    wanted = _id(endpoint)
    with _connection() as connection:
        found = queue.listed(connection, state or OPEN, wanted, limit)
    print_rows(COLUMNS, [_row(each) for each in found], as_json=as_json)
    if any(each.state is DeliveryState.DEAD for each in found):
        raise typer.Exit(1)


def endpoints(as_json: JsonOption = False) -> None:
    """Lists webhook endpoints and mail addresses: their state, what waits, the last delivery, and what fails now.

    Exit status 1 if a message to any was given up, or fails now.
    """
    with _connection() as connection:
        found = overview(connection)
    print_rows(ENDPOINT_COLUMNS, map(astuple, found), as_json=as_json)
    if any(each.failure is not None for each in found):
        raise typer.Exit(1)


def retry(ids: IdsArgument = None, endpoint: EndpointOption = None) -> None:
    """Sends messages again: those named, or all of an endpoint that were given up, or all that were."""
    wanted = _id(endpoint)
    with _connection() as connection:
        chosen = ids or [each.id for each in queue.listed(connection, (DeliveryState.DEAD,), wanted, 1_000_000)]
        done = queue.retry(connection, chosen)
    _report(ids or (), done, "to be sent again")


def skip(
    ids: Annotated[list[int], typer.Argument(help="Ids of messages, as listed.")],
    reason: Annotated[str, typer.Option(help="Why they are not sent; kept with them.")],
) -> None:
    """Gives messages up, so that later ones about their subjects are sent."""
    with _connection() as connection:
        done = queue.skip(connection, ids, f"skipped by the operator: {reason}")
    _report(ids, done, "skipped")


@contextmanager
def _connection() -> Iterator[psycopg.Connection[Any]]:
    settings = Settings.from_environment()
    with (
        open_database(settings) as urls,
        answering(),
        psycopg.connect(urls.worker, autocommit=True, connect_timeout=5) as connection,
    ):
        connection.execute("SET timezone TO 'UTC'")
        yield connection


def _id(endpoint: str | None) -> UUID | None:
    try:
        return None if endpoint is None else UUID(endpoint)
    except ValueError:
        raise Misconfigured(f"--endpoint: '{endpoint}' is no id: 'mandate deliveries list' shows them") from None


def _row(each: queue.ListedDelivery) -> Sequence[Any]:
    name = each.name if each.enabled else f"{each.name} (disabled)"
    due = each.due_at if each.state is DeliveryState.PENDING else None
    about = (each.type, each.subject, each.position, each.attempts)
    return (each.id, each.state.value, each.endpoint, name, *about, each.queued_at, due, each.outcome)


def _report(named: Sequence[int], done: set[int], what: str) -> None:
    typer.echo(f"{number_of(len(done), 'message', 'messages')} {what}")
    if left := [str(each) for each in named if each not in done]:
        print_error_line(f"{', '.join(left)}: not pending and not given up, or being sent now")
        raise typer.Exit(1)
