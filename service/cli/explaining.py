"""`explain`: why a request stands where it stands, and what would let it move."""

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from domain.deciding import Outlook, Verdict
from domain.deployment_request.rules import is_untold
from domain.vocabulary import spoken
from service.cli.asking import AsOfOption, TokenOption, asked, in_one_line
from service.cli.wording import clean
from service.exchange.explaining import Explained, explained


def add_to(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    reference: Annotated[str, typer.Argument(help="A request, as 'pristina-2024-0001'.")],
    as_of: AsOfOption = None,
    token: TokenOption = None,
) -> None:
    """Says why a request is where it is: what led there, and for each action which rules are met and which are not."""
    with in_one_line(), asked(token, as_of) as everything:
        one = everything.about(reference)
        told = explained(one.store, one.scope, one.eyes)
        _show(Console(highlight=False), told, is_personal=token is not None)


def _show(console: Console, told: Explained, *, is_personal: bool) -> None:
    request = told.request
    console.print(Text(f"{request.reference}: {request.status}, version {request.version}", "bold underline"))
    for recorded in told.because:
        who = f"{recorded.actor.subject} ({recorded.actor.authority})"
        console.print(Text(f"  {spoken(recorded.happened_at)}  {type(recorded.event).__name__}  {clean(who)}"))
    for outlook in told.outlooks:
        console.print()
        console.print(_headline(outlook, is_personal=is_personal))
        console.print(Padding(_rules(outlook.verdicts), (0, 0, 0, 4)))


def _headline(outlook: Outlook, *, is_personal: bool) -> Text:
    open_ = outlook.available if is_personal else outlook.possible
    whose = "open to you" if is_personal else "possible"
    return Text.assemble("  ", (outlook.action, "bold cyan"), f"  {whose if open_ else f'not {whose}'}")


def _rules(verdicts: Iterable[Verdict]) -> Table:
    table = Table.grid(padding=(0, 2))
    for verdict in verdicts:
        table.add_row(_mark(verdict), Text(clean(verdict.description)))
    return table


def _mark(verdict: Verdict) -> Text:
    if is_untold(verdict):
        return Text("not told", "dim")
    return Text("met", "green") if verdict.met else Text("not met", "yellow")
