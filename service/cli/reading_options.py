"""Shared by the reading commands: token, address, instants, and refusals in one line."""

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from service.cli.error_output import CommandFailed, print_error_line
from service.errors import CorruptEvent
from service.exchange.visible_log.refused import ExportRefused
from service.instants import from_instant, last_instant, read_instant, until_instant
from service.variables import TOKEN_VARIABLE, URL_VARIABLE

TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar=TOKEN_VARIABLE,
        help="Show what the bearer of this token may see. '@FILE' reads it from a file, to keep it out of the process "
        "list. Without a token: everything, as the operator.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        help="State of the register at this instant, such as '2024-11-29T18:00:00Z', or at the end of this day in UTC."
    ),
]

AsHappenedOption = Annotated[
    str | None,
    typer.Option(
        help="As it had happened by this instant, or this day in UTC, whenever that was recorded: for imported history."
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        envvar=URL_VARIABLE,
        help="Read the register of the server at this address, such as 'https://register.example', with --token. "
        "Without it: the register of this machine, by its database.",
    ),
]

REFUSED: Final = 2
FAILED: Final = 1
TERMINATED: Final = 128 + signal.SIGTERM


def past_instants(as_of: str | None, as_happened: str | None) -> tuple[datetime | None, datetime | None]:
    """Both options. Raises ExportRefused."""
    if as_of is not None and as_happened is not None:
        raise ExportRefused("--as-happened: give it without --as-of")
    options = {"--as-of": as_of, "--as-happened": as_happened}
    recorded, happened = (None if text is None else last_instant(instant(text, name)) for name, text in options.items())
    return recorded, happened


def read_token(given: str) -> str:
    """The token, or the content of the file in '@FILE'. Raises ExportRefused."""
    if not given.startswith("@"):
        return given.strip()
    try:
        return Path(given[1:]).read_text().strip()
    except (OSError, ValueError) as error:
        raise ExportRefused(
            f"--token: the file {given[1:]} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


def instant(text: str, option: str) -> datetime:
    """The instant, or the day, in UTC. Raises ExportRefused."""
    try:
        return read_instant(text)
    except ValueError:
        form = "an instant with an offset, as '2024-11-29T18:00:00Z', or a day in UTC, as '2024-11-29'"
        raise ExportRefused(f"{option}: '{text}' is not {form}") from None


def between(start: str | None, end: str | None, option: str) -> tuple[datetime | None, datetime | None]:
    """The first instant that a filter includes, and the first that it excludes; a day is included as a whole.

    option: the option of the end, whose name has 'from' in place of 'until' for the start. Raises ExportRefused.
    """
    begins = option.replace("until", "from")
    first = None if start is None else from_instant(instant(start, begins))
    beyond = None if end is None else until_instant(instant(end, option))
    if first is not None and beyond is not None and beyond <= first:
        raise ExportRefused(f"{option}: it must lie after {begins}, else nothing is found")
    return first, beyond


@contextmanager
def in_one_line() -> Iterator[None]:
    """Prints refusals and failures in one line, and exits cleanly on SIGTERM."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    except ExportRefused as refusal:
        raise _exit(str(refusal), REFUSED) from None
    except UnicodeEncodeError as error:
        if error.encoding != "utf-8":
            raise
        raise _exit("an argument is not valid UTF-8", REFUSED) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED) from None
    except OSError as error:
        raise _exit(f"{error.filename or 'the file'} cannot be written: {error.strerror}", FAILED) from None
    except sqlite3.Error as error:
        raise _exit(f"the file cannot be written: {error}", FAILED) from None
    except (CorruptEvent, CommandFailed) as error:
        raise _exit(str(error), FAILED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit(message: str, status: int) -> typer.Exit:
    print_error_line(message)
    return typer.Exit(status)
