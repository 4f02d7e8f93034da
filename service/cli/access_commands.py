"""`access`: blocks and unblocks persons, as the operator, and lists who is blocked."""

from contextlib import closing
from typing import Annotated

import typer

from domain import blocked_persons
from domain.blocked_persons import BlockPerson, UnblockPerson
from domain.refusals import InvalidInput
from domain.vocabulary import SYSTEM, Label, Subject, Text
from service.access.identity import ISSUER
from service.access.issuers import read_issuers
from service.cli.error_output import print_error_line
from service.cli.rebuild_commands import answering
from service.cli.table_output import JsonOption, print_rows
from service.cli.terminal_text import clean
from service.commands.block_reader import BlockReader
from service.commands.dispatcher import blocking
from service.commands.envelope import CommandEnvelope, CommandResult
from service.database.startup import open_database
from service.errors import Misconfigured
from service.event_store.store import EventStore
from service.processes.composition import limits, write_side
from service.settings import Settings

IssuerOption = Annotated[str, typer.Option(help=f"The 'iss' of their tokens; '{ISSUER}' for the register's own.")]
SubjectOption = Annotated[str, typer.Option(help="The 'sub' of their tokens.")]
ReasonOption = Annotated[str, typer.Option(help="Reason; it is recorded, and shown to auditors.")]


def add_to(app: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Persons whose tokens are not accepted.")
    commands.command("block")(block)
    commands.command("unblock")(unblock)
    commands.command("list")(show)
    app.add_typer(commands, name="access")


def block(issuer: IssuerOption, subject: SubjectOption, reason: ReasonOption) -> None:
    """Refuses a person's tokens and ends their subscriptions, in every API within a second."""
    _record(BlockPerson(issuer=Label(issuer), subject=Subject(subject), reason=Text(reason)))


def unblock(issuer: IssuerOption, subject: SubjectOption, reason: ReasonOption) -> None:
    """Accepts a person's tokens again."""
    _record(UnblockPerson(issuer=Label(issuer), subject=Subject(subject), reason=Text(reason)))


def show(as_json: JsonOption = False) -> None:
    """Lists who is blocked. `mandate trail --type PersonBlocked` says since when, by whom and why."""
    settings = Settings.from_environment()
    with open_database(settings) as urls, closing(EventStore(urls.api, limits(settings))) as store:
        print_rows(("issuer", "subject"), sorted(BlockReader(store).read()), as_json=as_json)


def _record(command: blocked_persons.Command) -> None:
    settings = Settings.from_environment()
    with (
        open_database(settings) as urls,
        answering(),
        write_side(settings, urls.api) as write,
        blocking(write.dispatcher) as dispatch,
    ):
        outcome = dispatch(CommandEnvelope(command=command, actor=SYSTEM))
    if isinstance(outcome, CommandResult):
        what = "blocked" if isinstance(command, BlockPerson) else "unblocked"
        typer.echo(clean(f"{what}: {command.subject} of {command.issuer}, at position {outcome.position}"))
        if isinstance(command, BlockPerson) and not _is_accepted(command.issuer, settings):
            print_error_line(f"no tokens of '{command.issuer}' are accepted by the settings here: check --issuer")
        return
    fields = outcome.fields if isinstance(outcome, InvalidInput) else ()
    print_error_line("; ".join(f"--{each.path}: {each.message}" for each in fields) or outcome.message)
    raise typer.Exit(2)


def _is_accepted(issuer: str, settings: Settings) -> bool:
    """Whether tokens of the issuer are accepted, as far as the settings of this process say. A wrong file of issuers
    keeps nobody from blocking."""
    try:
        return issuer == ISSUER or any(each.issuer == issuer for each in read_issuers(settings.issuers))
    except Misconfigured:
        return True
