"""The command line: a file a group of commands. What is misconfigured is said in one line."""

import sys

import typer

from service.cli import (
    auditing,
    demonstrating,
    describing,
    explaining,
    exporting,
    importing,
    operating,
    printing,
    rebuilding,
    serving,
)
from service.errors import Misconfigured, Unavailable

app = typer.Typer(
    name="mandate",
    help="A register of deployment decisions: every step is an event, and the current state is a view of the events.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
GROUPS = (
    serving,
    operating,
    rebuilding,
    describing,
    importing,
    exporting,
    auditing,
    explaining,
    printing,
    demonstrating,
)
for group in GROUPS:
    group.add_to(app)


def main() -> None:
    """The entry point. Exit status 2: misconfigured. 3: the database does not answer now."""
    try:
        app()
    except Misconfigured as error:
        sys.exit(_say(str(error), 2))
    except Unavailable as error:
        sys.exit(_say(f"the register is not available now: {error}", 3))


def _say(message: str, status: int) -> int:
    print(f"mandate: {' '.join(message.split())}", file=sys.stderr)
    return status
