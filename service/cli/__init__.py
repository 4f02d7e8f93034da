"""The command line: one module for each group of commands; only the one in use is loaded.

Configuration errors are printed as one line.
"""

import sys
from importlib import import_module
from typing import Final

import typer

from service.errors import CorruptEvent, Misconfigured, Unavailable

COMMANDS: Final = {
    "serve": "serve_command",
    "worker": "worker_command",
    "migrate": "database_commands",
    "status": "database_commands",
    "rebuild": "rebuild_commands",
    "verify": "rebuild_commands",
    "parked": "parked_commands",
    "events": "event_commands",
    "replay": "replay_command",
    "token": "token_command",
    "schema": "schema_command",
    "documents": "schema_command",
    "import": "import_command",
    "export": "export_command",
    "history": "audit_commands",
    "trail": "audit_commands",
    "explain": "explain_command",
    "dossier": "dossier_command",
    "demo": "demo_command",
}
"""Command -> its module. Only the module in use is imported, for a fast start."""


def main() -> None:
    """Entry point.

    Exit status 1: an event cannot be read. 2: misconfigured. 3: the database does not answer. 130: interrupted.
    """
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else "")()
    except CorruptEvent as error:
        sys.exit(_print_error(str(error), 1))
    except Misconfigured as error:
        sys.exit(_print_error(str(error), 2))
    except Unavailable as error:
        sys.exit(_print_error(f"the register is not available now: {error}", 3))
    except KeyboardInterrupt:
        sys.exit(130)


def application(command: str = "") -> typer.Typer:
    """The Typer application; with a command's name, only that command's module."""
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


def _print_error(message: str, status: int) -> int:
    """Prints an error; the module is imported only when needed."""
    import_module("service.cli.error_output").print_error_line(message)
    return status
