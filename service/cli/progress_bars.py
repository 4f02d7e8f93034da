"""How far long work is: bars on a terminal; elsewhere a line now and then, so that a log does not fall silent."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from service.cli.terminal_text import clean

PAUSE: Final = 10.0
"""Seconds between two lines where there is no terminal."""


class ProgressBoard:
    """Where it is shown, on standard error where that is no terminal; and what came of it, on standard output."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._said_at = monotonic()

    def show(self, name: str, done: int, total: int, told: str) -> None:
        """told: what is done now, in words."""
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=None, told="")
        self._bars.update(self._tasks[name], completed=done, total=total, told=told)
        if not self._bars.console.is_terminal and monotonic() - self._said_at >= PAUSE:
            self._said_at = monotonic()
            print(f"mandate: {name}: {told}", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Nothing of it steers the terminal."""
        self._bars.console.print(Text(clean(line)), soft_wrap=True)


@contextmanager
def board() -> Iterator[ProgressBoard]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield ProgressBoard(bars)
