"""What went wrong, on standard error: nothing of it steers the terminal, whatever data it tells of."""

import sys

from service.cli.terminal_text import clean


def complain(told: object) -> None:
    """Says it as the command does."""
    print(f"mandate: {clean(str(told))}", file=sys.stderr)


def complain_in_a_line(told: object) -> None:
    """The same of what may have several."""
    complain(" ".join(str(told).split()))
