"""`events`: what an operator does about events that nobody can read."""

from typing import Annotated

import typer

from service.cli.rebuild_commands import answering
from service.cli.terminal_text import clean
from service.commands.event_voids import retry_parked, voided
from service.commands.event_voids import void as void_event
from service.database.startup import open_database
from service.settings import Settings

PositionArgument = Annotated[int, typer.Argument(help="Of the event, as 'replay --check' and 'status' name it.", min=1)]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why it cannot be kept; it is recorded and shown.")]
ByOption = Annotated[str, typer.Option("--by", help="Who voids it: a subject, as in a token.")]


def add_to(app: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Events that nobody can read.")
    commands.command("void")(void)
    commands.command("list")(list_)
    app.add_typer(commands, name="events")


def void(position: PositionArgument, reason: ReasonOption, by: ByOption) -> None:
    """Voids an event that cannot be decoded or applied: its bytes and its place stay, and it changes nothing.

    An event that can be read is refused. What waited for it in the views is applied. It cannot be taken back.
    """
    with open_database(Settings.from_environment()) as urls, answering():
        done = void_event(urls.owner, position, reason, by)
        told = retry_parked(urls.worker, done.stream)
    typer.echo(clean(f"voided: {', '.join(map(str, done.positions))} of {done.stream}. {done.why}"))
    for each in told:
        typer.echo(clean(each))


def list_() -> None:
    """Shows what was voided: position, stored name, stream, when, by whom, why."""
    with open_database(Settings.from_environment()) as urls, answering():
        found = voided(urls.worker)
    for position, topic, stream, at, by, reason in found:
        typer.echo(clean(f"{position} {topic} {stream} {at.isoformat(timespec='seconds')} {by}: {reason}"))
    if not found:
        typer.echo("nothing is voided")
