"""What went wrong, on standard error: nothing of it steers the terminal, whatever data it tells of."""

import sys

from service.cli.terminal_text import clean


def print_error(told: object) -> None:
    """Says it as the command does."""
    print(f"mandate: {clean(str(told))}", file=sys.stderr)


def print_error_line(told: object) -> None:
    """The same of what may have several."""
    print_error(" ".join(str(told).split()))
