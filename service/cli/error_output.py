"""Error messages on standard error, without terminal control characters."""

import sys

from service.cli.terminal_text import clean


def print_error(message: object) -> None:
    """Prints an error with the prefix of the command."""
    print(f"mandate: {clean(str(message))}", file=sys.stderr)


def print_error_line(message: object) -> None:
    """Prints an error in one line."""
    print_error(" ".join(str(message).split()))


class CommandFailed(Exception):
    """A command cannot do what it was asked to, through no fault of what it was given. The message is one line."""
