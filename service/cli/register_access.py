"""Shared by the reading commands: token, as-of instant, and refusals in one line."""

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from domain.catalogue import DEPLOYMENT_REQUEST, Aggregate
from domain.vocabulary import SYSTEM
from service.cli.error_output import print_error_line
from service.database.startup import open_database, tokens
from service.errors import CorruptEvent
from service.event_store.store import EventStore
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.scope import Scope, bearer, called, scope_of
from service.exchange.visible_log.visibility import Visibility
from service.processes.composition import limits, now
from service.settings import DatabaseUrls, Settings

TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar="MANDATE_TOKEN",
        help="Show what the bearer of this token may see. '@FILE' reads it from a file, to keep it out of the process "
        "list. Without a token: everything, as the operator.",
    ),
]
AsOfOption = Annotated[
    str | None, typer.Option(help="State of the register at this instant, such as '2024-11-29T18:00:00Z'.")
]

REFUSED: Final = 2
FAILED: Final = 1
TERMINATED: Final = 128 + signal.SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAccess:
    """The register as one viewer may see it, as of an instant."""

    settings: Settings
    urls: DatabaseUrls
    store: EventStore
    scope: Scope
    visibility: Visibility

    def about(self, reference: str, kinds: tuple[Aggregate, ...] = (DEPLOYMENT_REQUEST,)) -> "RegisterAccess":
        """Limits the access to one subject. Raises ExportRefused if it does not exist or is not visible."""
        subject = called(self.store, self.visibility, reference, self.scope.end, kinds)
        return replace(self, scope=replace(self.scope, subject=subject))


@contextmanager
def open_register(token: str | None, as_of: str | None = None) -> Iterator[RegisterAccess]:
    """Opens the register for reading. Raises ExportRefused, Misconfigured or Unavailable."""
    moment = None if as_of is None else instant(as_of, "--as-of")
    settings = Settings.from_environment()
    actor = SYSTEM if token is None else bearer(tokens(settings), read_token(token), now())
    with open_database(settings) as urls, closing(EventStore(urls.api, limits(settings))) as store:
        at = store.now()
        scope = scope_of(store, actor, at, moment)
        visibility = Visibility(store, actor, at, scope.present)
        yield RegisterAccess(settings=settings, urls=urls, store=store, scope=scope, visibility=visibility)


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
    """The instant in UTC. Raises ExportRefused."""
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ExportRefused(f"{option}: '{text}' is no instant with an offset, as '2024-11-29T18:00:00Z'")


@contextmanager
def in_one_line() -> Iterator[None]:
    """Prints refusals and failures in one line, and exits cleanly on SIGTERM."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    except ExportRefused as refusal:
        raise _exit(str(refusal), REFUSED) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(FAILED) from None
    except OSError as error:
        raise _exit(f"{error.filename or 'the file'} cannot be written: {error.strerror}", FAILED) from None
    except sqlite3.Error as error:
        raise _exit(f"the file cannot be written: {error}", FAILED) from None
    except CorruptEvent as error:
        raise _exit(str(error), FAILED) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _exit(message: str, status: int) -> typer.Exit:
    print_error_line(message)
    return typer.Exit(status)
