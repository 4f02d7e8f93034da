"""Progress of long work: bars on a terminal, otherwise a line every few seconds."""

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
"""Seconds between lines where there is no terminal."""


class ProgressBoard:
    """Shows progress: as bars on a terminal, otherwise on standard error. Results go to standard output."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._printed_at = monotonic()

    def show(self, name: str, done: int, total: int, text: str) -> None:
        """text: the current step."""
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=None, text="")
        self._bars.update(self._tasks[name], completed=done, total=total, text=text)
        if not self._bars.console.is_terminal and monotonic() - self._printed_at >= PAUSE:
            self._printed_at = monotonic()
            print(f"mandate: {name}: {text}", file=sys.stderr, flush=True)

    def say(self, line: str) -> None:
        """Prints a line without terminal control characters."""
        self._bars.console.print(Text(clean(line)), soft_wrap=True)


@contextmanager
def board() -> Iterator[ProgressBoard]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield ProgressBoard(bars)
