"""The command line: one module for each group of commands.

Only the module of the command in use is loaded. Errors of configuration take one line.
"""

import sys
from importlib import import_module
from typing import Final

import typer

from service.errors import CorruptEvent, Misconfigured, Unavailable

COMMANDS: Final = {
    "serve": "serving",
    "worker": "working",
    "migrate": "operating",
    "status": "operating",
    "rebuild": "rebuilding",
    "verify": "rebuilding",
    "parked": "parking",
    "events": "voiding",
    "replay": "replaying",
    "token": "tokens",
    "schema": "describing",
    "import": "importing",
    "export": "exporting",
    "history": "auditing",
    "trail": "auditing",
    "explain": "explaining",
    "dossier": "printing",
    "demo": "demonstrating",
}
"""Command -> the module that has it. Only that of the command asked for is loaded: each starts as fast as it can."""


def main() -> None:
    """The entry point.

    Exit status 1: an event cannot be read. 2: misconfigured. 3: the database does not answer now. 130: interrupted.
    """
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else "")()
    except CorruptEvent as error:
        sys.exit(_say(str(error), 1))
    except Misconfigured as error:
        sys.exit(_say(str(error), 2))
    except Unavailable as error:
        sys.exit(_say(f"the register is not available now: {error}", 3))
    except KeyboardInterrupt:
        sys.exit(130)


def application(command: str = "") -> typer.Typer:
    """The command line, or as much of it as one command needs."""
    app = typer.Typer(
        name="mandate",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_mandate)
    for module in [COMMANDS[command]] if command in COMMANDS else dict.fromkeys(COMMANDS.values()):
        import_module(f"service.cli.{module}").add_to(app)
    return app


def _mandate() -> None:
    """A register of deployment decisions: every step is an event, and the current state is a view of the events."""


def _say(message: str, status: int) -> int:
    """What says it is loaded where there is something to say."""
    import_module("service.cli.error_output").complain_in_a_line(message)
    return status
