"""What a command prints on a terminal, as a picture."""

import io
import os
import re
import subprocess
import sys
from typing import Final

from rich.console import Console
from rich.text import Text

from tests.e2e.serving import Served

MANDATE: Final = [sys.executable, "-m", "service.cli"]
COLUMNS: Final = 100
FONTS: Final = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""They would be loaded from another host."""


def terminal(served: Served, *commands: str, lines: int) -> str:
    """An SVG of these commands, one after the other, each with its first lines."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for number, command in enumerate(commands):
        console.print(Text.assemble("\n" if number else "", ("$ ", "bold green"), (f"mandate {command}", "bold")))
        console.print(Text.from_ansi("\n".join(_printed(served, command).splitlines()[:lines])))
    return FONTS.sub("", console.export_svg(title="mandate", unique_id="terminal")).replace("Fira Code, ", "")


def _printed(served: Served, command: str) -> str:
    """With its colours."""
    ours, theirs = os.openpty()
    environment = {**served.environment, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    with os.fdopen(theirs, "wb") as output:
        process = subprocess.Popen([*MANDATE, *command.split()], env=environment, stdout=output)
    written = bytearray()
    with os.fdopen(ours, "rb", 0) as screen:
        try:
            while part := screen.read(65536):
                written += part
        except OSError:  # the terminal is closed
            pass
    assert process.wait(60) == 0
    return written.decode().replace("\r\n", "\n")
