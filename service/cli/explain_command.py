"""`explain`: why a request has its status, and which actions are possible."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.decider import Verdict
from domain.deployment_request.rules import is_undisclosed
from domain.vocabulary import exact_time, format_time
from service.cli.explanation_content import Explained, ExplainedAction
from service.cli.reading_options import AsOfOption, TokenOption, UrlOption, in_one_line
from service.cli.remote import explanation_reader as remote_explanation
from service.cli.remote.server import Server
from service.cli.sources import Source, open_source
from service.cli.table_output import JsonOption, print_json
from service.cli.terminal_text import clean
from service.cli.timeline import who


def add_to(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    reference: Annotated[str, typer.Argument(help="Reference of a request, such as 'pristina-2024-0001'.")],
    as_of: AsOfOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explains the status of a request: the events that led there, and for each action which rules are met."""
    with in_one_line(), open_source(url, token, as_of) as source:
        explained = _explained(source, reference)
        if as_json:
            print_json(_described(explained))
        else:
            _show(Console(highlight=False), explained)


def _explained(source: Source, reference: str) -> Explained:
    if isinstance(source, Server):
        return remote_explanation.explain(source, reference)
    from service.cli.local import local_explanation

    return local_explanation.explain(source, reference)


def _described(explained: Explained) -> dict[str, Any]:
    """With the names of the API."""
    return {
        "reference": explained.reference,
        "status": explained.status,
        "version": explained.version,
        "asOf": explained.as_of,
        "standing": explained.standing,
        "because": [
            {
                "position": each.position,
                "type": each.type,
                "occurredAt": each.happened_at,
                "recordedAt": each.recorded_at,
                "actor": {
                    "subject": each.actor.subject,
                    "issuer": each.actor.issuer,
                    "authority": each.actor.authority,
                    "name": each.names.get(each.actor.person),
                },
            }
            for each in explained.because
        ],
        "actions": [
            {
                "action": each.action,
                "possible": each.possible,
                "availableToViewer": each.available,
                "rules": [{"rule": rule.rule, "met": rule.met, "description": rule.description} for rule in each.rules],
            }
            for each in explained.actions
        ],
    }


def _show(console: Console, explained: Explained) -> None:
    then = "" if explained.as_of is None else f", as of {exact_time(explained.as_of)}"
    title = f"{explained.reference}: {explained.status}, version {explained.version}{then}"
    _line(console, Text(clean(title), "bold underline"))
    _line(console, Text(clean(explained.standing)))
    for each in explained.because:
        by = clean(who(each.actor, each.names))
        _line(console, Text(f"  {format_time(each.happened_at)}  {clean(each.type)}  {by}"))
    for action in explained.actions:
        console.print()
        _line(console, _headline(action))
        if console.is_terminal:
            console.print(Padding(_rules(action.rules), (0, 0, 0, 4)))
        else:
            for rule in action.rules:
                _line(console, Text.assemble("    ", _mark(rule), "  ", clean(rule.description)))


def _line(console: Console, text: Text) -> None:
    """Prints without wrapping unless on a terminal."""
    console.print(text, soft_wrap=not console.is_terminal)


def _headline(action: ExplainedAction) -> Text:
    is_personal = action.available is not None
    open_ = action.available if is_personal else action.possible
    whose = "open to you" if is_personal else "possible"
    return Text.assemble("  ", (clean(action.action), "bold cyan"), f"  {whose if open_ else f'not {whose}'}")


def _rules(rules: Iterable[Verdict]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for rule in rules:
        table.add_row(_mark(rule), Text(clean(rule.description)))
    return table


def _mark(rule: Verdict) -> Text:
    if is_undisclosed(rule):
        return Text("not disclosed", "dim")
    return Text("met", "green") if rule.met else Text("not met", "yellow")
