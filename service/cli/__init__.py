"""The command line: one module for each group of commands; only the one in use is loaded.

Configuration errors are printed as one line.
"""

import gc
import os
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Final, NamedTuple

import typer

from service.cli.plain_help import SETTINGS, PlainGroup
from service.errors import CorruptEvent, Misconfigured, Unavailable


class Command(NamedTuple):
    """summary: in the list of commands. example: printed after the help of the command."""

    module: str
    summary: str
    example: str


COMMANDS: Final[dict[str, dict[str, Command]]] = {
    "Run": {
        "serve": Command("serve_command", "Serve the API and run the worker", "mandate serve --port 8080"),
        "worker": Command("worker_command", "Keep the views up to date", "mandate worker"),
        "migrate": Command("database_commands", "Apply the migrations of this version", "mandate migrate"),
        "demo": Command("demo_command", "Play the example case, from the request to the decision", "mandate demo"),
        "token": Command(
            "token_command",
            "Print a bearer token",
            "mandate token --subject ana.h --authority pristina --role requester --expires 1h",
        ),
    },
    "Read": {
        "list": Command(
            "list_command",
            "Requests, by status, authority, region, dates and text",
            "mandate list --status UNDER_REVIEW --region xk",
        ),
        "history": Command(
            "audit_commands",
            "Timeline of a request or an incident",
            "mandate history pristina-2024-0001 --as-of 2024-11-29T18:00:00Z",
        ),
        "trail": Command(
            "audit_commands",
            "The audit trail: every event, in the order of recording",
            "mandate trail --authority kfor --type RequestApproved --limit 20",
        ),
        "explain": Command(
            "explain_command",
            "Why a request has its status, and what each action still needs",
            "mandate explain pristina-2024-0001 --token @ana.token",
        ),
        "inbox": Command(
            "inbox_command", "What waits for the bearer of a token", "mandate inbox --token @ana.token --overdue"
        ),
        "dossier": Command(
            "dossier_command",
            "Print a request with its decisions, grounds and evidence",
            "mandate dossier pristina-2024-0001 --output dossier.pdf",
        ),
        "export": Command(
            "export_command", "Write events or requests to a file", "mandate export --format csv --output requests.csv"
        ),
    },
    "Record": {
        "import": Command(
            "import_command",
            "Import past decisions, under the same rules",
            "mandate import permits.csv --mapping permits.toml --dry-run",
        ),
        "regions": Command(
            "regions_command",
            "Register regions and their names from a table",
            "mandate regions import regions.csv --dry-run",
        ),
        "access": Command(
            "access_commands",
            "Block persons, whatever tokens they hold, unblock or list them",
            "mandate access block --issuer mandate --subject eva --reason 'Token stolen'",
        ),
    },
    "Back up": {
        "backup": Command("backup_commands", "Back up the embedded PostgreSQL", "mandate backup /mnt/backups --keep 7"),
        "restore": Command(
            "backup_commands",
            "Restore the embedded PostgreSQL as of an instant",
            "mandate restore /mnt/backups --at 2024-11-29T18:00:00Z",
        ),
    },
    "Check and repair": {
        "status": Command("database_commands", "Position, lag and state of each view", "mandate status"),
        "verify": Command(
            "rebuild_commands", "Compare views with a rebuild, changing nothing", "mandate verify deployment_requests"
        ),
        "rebuild": Command("rebuild_commands", "Rebuild views from the events", "mandate rebuild --dry-run"),
        "replay": Command("replay_command", "Check that this version can read every event", "mandate replay --check"),
        "parked": Command("parked_commands", "Events that could not be applied to a view", "mandate parked list"),
        "deliveries": Command(
            "deliveries_command", "Messages and mails: list, send again, skip", "mandate deliveries list --state DEAD"
        ),
        "events": Command("event_commands", "Void unreadable events, or list the voided ones", "mandate events list"),
    },
    "Integrate": {
        "schema": Command("schema_command", "Print the GraphQL schema", "mandate schema > schema.graphql"),
        "documents": Command("schema_command", "List the trusted documents with their ids", "mandate documents"),
    },
}
"""Group of the help -> name -> command. Only the module of the command in use is imported, for a fast start."""


def main() -> None:
    """Entry point.

    Exit status 1: an event cannot be read. 2: misconfigured. 3: the database does not answer. 130: interrupted.
    """
    gc.disable()  # collections during imports find nothing, and take a fifth of their time
    try:
        app = application(_command_in_use())
        gc.freeze()
        gc.enable()
        app()
    except CorruptEvent as error:
        sys.exit(_print_error(str(error), 1))
    except Misconfigured as error:
        sys.exit(_print_error(str(error), 2))
    except Unavailable as error:
        sys.exit(_print_error(f"the register is not available now: {error}", 3))
    except KeyboardInterrupt:
        sys.exit(130)


def _command_in_use() -> str:
    """The first argument, also while a shell asks for completions (Click's protocol); else an empty string."""
    words = os.environ["COMP_WORDS"].split() if "_MANDATE_COMPLETE" in os.environ else sys.argv
    return words[1] if len(words) > 1 else ""


def application(command: str) -> typer.Typer:
    """The Typer application: the list of commands, or, with the name of one, that command alone."""
    app = typer.Typer(
        name="mandate",
        cls=PlainGroup,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings=SETTINGS,
    )
    app.callback()(_mandate)
    for group, commands in COMMANDS.items():
        for name, declared in commands.items():
            if name == command:
                _add(app, name, declared)
            elif not any(command in each for each in COMMANDS.values()):
                app.command(name, help=declared.summary, rich_help_panel=group)(_mandate)
    return app


def _add(app: typer.Typer, name: str, declared: Command) -> None:
    """Adds a command, or a group of subcommands, with its example. Its module may contain others."""
    added = typer.Typer()
    import_module(f"service.cli.{declared.module}").add_to(added)
    example = f"Example: {declared.example}"
    for each in added.registered_commands:
        if name == (each.name or getattr(each.callback, "__name__", "")):
            each.epilog = example
            app.registered_commands.append(each)
    for group in added.registered_groups:
        group.epilog, group.cls = example, PlainGroup
        app.registered_groups.append(group)


def _show_version(wanted: bool) -> None:  # Typer's signature
    if wanted:
        typer.echo(f"mandate {version('mandate')}")
        raise typer.Exit


def _mandate(
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """A register of deployment decisions: every step is an event, and the current state is a view of the events."""


def _print_error(message: str, status: int) -> int:
    """Prints an error; the module is imported only when needed."""
    import_module("service.cli.error_output").print_error_line(message)
    return status
