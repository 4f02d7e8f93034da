"""`inbox`: what waits for the bearer of a token."""

from typing import Annotated, Any

import typer

from service.cli.reading_options import AsOfOption, UrlOption, in_one_line
from service.cli.remote import inbox_reader as remote_inbox
from service.cli.remote.server import Server
from service.cli.sources import Source, open_source
from service.cli.table_output import JsonOption, print_rows
from service.variables import TOKEN_VARIABLE

COLUMNS = ("due", "action", "reference", "region", "since", "assignee", "for", "why")


def add_to(app: typer.Typer) -> None:
    app.command("inbox")(show)


def show(
    overdue: Annotated[bool, typer.Option(help="Only what is overdue.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of items, the earliest due first.")] = 100,
    as_of: AsOfOption = None,
    url: UrlOption = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar=TOKEN_VARIABLE, help="Whose inbox: the bearer's. '@FILE' reads the token from a file. Required."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the actions that wait for you, by your authority and roles: on what, why, since when, until when.

    The operator has no inbox: a token is needed.
    """
    with in_one_line(), open_source(url, token, as_of) as source:
        rows, total = _rows(source, overdue=overdue, limit=limit)
        print_rows(COLUMNS, rows, as_json=as_json)
        if len(rows) < total:
            typer.echo(f"There is more: {total} in all, with a higher --limit.", err=True)


def _rows(source: Source, *, overdue: bool, limit: int) -> tuple[list[tuple[Any, ...]], int]:
    """The rows, and how many there are in all."""
    if isinstance(source, Server):
        return remote_inbox.inbox(source, overdue=overdue, limit=limit)
    from service.cli.local import local_inbox

    return local_inbox.rows(source, overdue=overdue, limit=limit)
