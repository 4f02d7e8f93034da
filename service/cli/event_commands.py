"""`events`: voiding of unreadable events."""

from typing import Annotated

import typer

from service.cli.rebuild_commands import answering
from service.cli.table_output import JsonOption, print_rows
from service.cli.terminal_text import clean
from service.commands.event_voids import retry_parked, voided
from service.commands.event_voids import void as void_event
from service.database.startup import open_database
from service.settings import Settings

PositionArgument = Annotated[
    int, typer.Argument(help="Position of the event, as shown by 'replay --check' and 'status'.", min=1)
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Reason; it is recorded and shown.")]
ByOption = Annotated[str, typer.Option("--by", help="Who voids it: the subject of a token.")]


def add_to(app: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Unreadable events: void them, or list the voided ones.")
    commands.command("void")(void)
    commands.command("list")(list_)
    app.add_typer(commands, name="events")


def void(position: PositionArgument, reason: ReasonOption, by: ByOption) -> None:
    """Voids an event that cannot be decoded or applied. Its bytes and position stay, and it has no effect.

    A readable event is refused. Parked events that waited for it are applied. Voiding cannot be undone.
    """
    with open_database(Settings.from_environment()) as urls, answering():
        done = void_event(urls.owner, position, reason, by)
        retried = retry_parked(urls.worker, done.stream)
    typer.echo(clean(f"voided: {', '.join(map(str, done.positions))} of {done.stream}. {done.why}"))
    for each in retried:
        typer.echo(clean(each))


def list_(as_json: JsonOption = False) -> None:
    """Lists voided events: position, stored name, stream, time, actor, reason."""
    with open_database(Settings.from_environment()) as urls, answering():
        found = voided(urls.worker)
    if found or as_json:
        print_rows(("position", "type", "stream", "voidedAt", "voidedBy", "reason"), found, as_json=as_json)
    else:
        typer.echo("nothing is voided")
