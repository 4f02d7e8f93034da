"""`explain`: why a request has its status, and which actions are possible."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.decider import Outlook, Verdict
from domain.deployment_request.rules import is_undisclosed
from domain.vocabulary import exact_time, format_time
from service.cli.audit_commands import names_of
from service.cli.register_access import AsOfOption, TokenOption, in_one_line, open_register
from service.cli.table_output import JsonOption, print_json
from service.cli.terminal_text import clean
from service.cli.timeline import Names, who
from service.exchange.visible_log.explanation import RequestExplanation, explain_request


def add_to(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    reference: Annotated[str, typer.Argument(help="Reference of a request, such as 'pristina-2024-0001'.")],
    as_of: AsOfOption = None,
    token: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explains the status of a request: the events that led there, and for each action which rules are met."""
    with in_one_line(), open_register(token, as_of) as register:
        subject_access = register.about(reference)
        subject_access.record_access("explanation")
        explanation = explain_request(subject_access.store, subject_access.scope, subject_access.visibility)
        names = names_of(subject_access, {person for each in explanation.because for person in each.actor.persons})
        is_personal, instant = token is not None, subject_access.scope.as_of
        if as_json:
            print_json(_described(explanation, names, is_personal=is_personal, as_of=instant))
        else:
            _show(Console(highlight=False), explanation, names, is_personal=is_personal, as_of=instant)


def _described(
    explanation: RequestExplanation, names: Names, *, is_personal: bool, as_of: datetime | None
) -> dict[str, Any]:
    """With the names of the API. availableToViewer: None without a viewer."""
    request = explanation.request
    return {
        "reference": request.reference,
        "status": request.status,
        "version": request.version,
        "asOf": as_of,
        "standing": explanation.standing,
        "because": [
            {
                "position": each.position,
                "type": type(each.event).__name__,
                "occurredAt": each.happened_at,
                "recordedAt": each.recorded_at,
                "actor": {
                    "subject": each.actor.subject,
                    "authority": each.actor.authority,
                    "name": names.get(each.actor.person),
                },
            }
            for each in explanation.because
        ],
        "actions": [
            {
                "action": outlook.action,
                "possible": outlook.possible,
                "availableToViewer": outlook.available if is_personal else None,
                "rules": [
                    {"rule": each.rule, "met": each.met, "description": each.description} for each in outlook.verdicts
                ],
            }
            for outlook in explanation.outlooks
        ],
    }


def _show(
    console: Console, explanation: RequestExplanation, names: Names, *, is_personal: bool, as_of: datetime | None
) -> None:
    request = explanation.request
    then = "" if as_of is None else f", as of {exact_time(as_of)}"
    _line(console, Text(f"{request.reference}: {request.status}, version {request.version}{then}", "bold underline"))
    _line(console, Text(clean(explanation.standing)))
    for recorded in explanation.because:
        by = clean(who(recorded.actor, names))
        _line(console, Text(f"  {format_time(recorded.happened_at)}  {type(recorded.event).__name__}  {by}"))
    for outlook in explanation.outlooks:
        console.print()
        _line(console, _headline(outlook, is_personal=is_personal))
        if console.is_terminal:
            console.print(Padding(_rules(outlook.verdicts), (0, 0, 0, 4)))
        else:
            for verdict in outlook.verdicts:
                _line(console, Text.assemble("    ", _mark(verdict), "  ", clean(verdict.description)))


def _line(console: Console, text: Text) -> None:
    """Prints without wrapping unless on a terminal."""
    console.print(text, soft_wrap=not console.is_terminal)


def _headline(outlook: Outlook, *, is_personal: bool) -> Text:
    open_ = outlook.available if is_personal else outlook.possible
    whose = "open to you" if is_personal else "possible"
    return Text.assemble("  ", (outlook.action, "bold cyan"), f"  {whose if open_ else f'not {whose}'}")


def _rules(verdicts: Iterable[Verdict]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for verdict in verdicts:
        table.add_row(_mark(verdict), Text(clean(verdict.description)))
    return table


def _mark(verdict: Verdict) -> Text:
    if is_undisclosed(verdict):
        return Text("not disclosed", "dim")
    return Text("met", "green") if verdict.met else Text("not met", "yellow")
