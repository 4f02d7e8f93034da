"""Shared by the reading commands: token, as-of instant, and refusals in one line."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from domain.aggregate import Aggregate
from domain.catalogue import DEPLOYMENT_REQUEST
from domain.vocabulary import SYSTEM, Actor, Subject, iso_time
from service.access.authentication import identify_once
from service.access.identity import Blocked, Unauthenticated
from service.access.issuers import read_issuers
from service.access.own_tokens import accepted_tokens
from service.cli.error_output import CommandFailed, print_error_line
from service.commands.block_reader import BlockReader
from service.database.startup import open_database
from service.errors import CorruptEvent
from service.event_store.access_log import Access, AccessKind, Disclosure, record_access
from service.event_store.store import EventStore
from service.exchange.visible_log.disclosures import disclosures
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.scope import Scope, called, happened_by, scope_of, unseen
from service.exchange.visible_log.visibility import Visibility
from service.instants import from_instant, last_instant, read_instant, until_instant
from service.processes.composition import limits, now
from service.settings import TOKEN_VARIABLE, DatabaseUrls, Settings

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

OPERATOR: Final = replace(SYSTEM, subject=Subject("operator"))
"""The reader in the access log, if there is no token."""
REFUSED: Final = 2
FAILED: Final = 1
TERMINATED: Final = 128 + signal.SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAccess:
    """The register as one viewer may see it, as of an instant. blocked: the persons who are blocked now.

    as_happened: one subject is shown as it had happened by this instant.
    """

    settings: Settings
    urls: DatabaseUrls
    store: EventStore
    scope: Scope
    visibility: Visibility
    blocked: frozenset[tuple[str, str]]
    as_happened: datetime | None = None

    def about(self, reference: str, kinds: tuple[Aggregate, ...] = (DEPLOYMENT_REQUEST,)) -> "RegisterAccess":
        """Limits the access to one subject. Raises ExportRefused if it does not exist or is not visible."""
        subject, end = called(self.store, self.visibility, reference, self.scope.end, kinds), self.scope.end
        if self.as_happened is not None and not (end := happened_by(self.store, subject, self.as_happened)):
            raise unseen(reference, kinds, by_then=True)
        return replace(self, scope=replace(self.scope, subject=subject, end=end))

    def record_access(self, what: AccessKind) -> None:
        """Adds to the access log, before anything is shown. Raises Unavailable: show nothing then."""
        self.record_disclosures(what, disclosures(self.store, self.scope, self.visibility))

    def record_disclosures(self, what: AccessKind, shown: Collection[Disclosure]) -> None:
        """As `record_access`, for an output that shows these subjects."""
        reader = OPERATOR if self.scope.actor.is_system else self.scope.actor
        record_access(self.store, Access(reader=reader, what=what, disclosures=shown))


@contextmanager
def open_register(
    token: str | None, as_of: str | None = None, as_happened: str | None = None
) -> Iterator[RegisterAccess]:
    """Opens the register for reading. Raises ExportRefused, Misconfigured or Unavailable."""
    moment, happened = past_instants(as_of, as_happened)
    settings = Settings.from_environment()
    actor = SYSTEM if token is None else _bearer(settings, read_token(token))
    with open_database(settings) as urls, closing(EventStore(urls.api, limits(settings))) as store:
        if actor.person in (blocked := BlockReader(store).read()):
            raise ExportRefused(str(Blocked()))
        at = store.now()
        if happened is not None and happened > at:
            raise ExportRefused(f"--as-happened: {iso_time(happened)} has not come yet")
        scope = scope_of(store, actor, at, moment)
        visibility = Visibility(store, actor, at, scope.present)
        yield RegisterAccess(
            settings=settings,
            urls=urls,
            store=store,
            scope=scope,
            visibility=visibility,
            blocked=blocked,
            as_happened=happened,
        )


def past_instants(as_of: str | None, as_happened: str | None) -> tuple[datetime | None, datetime | None]:
    """Both options. Raises ExportRefused."""
    if as_of is not None and as_happened is not None:
        raise ExportRefused("--as-happened: give it without --as-of")
    options = {"--as-of": as_of, "--as-happened": as_happened}
    recorded, happened = (None if text is None else last_instant(instant(text, name)) for name, text in options.items())
    return recorded, happened


def _bearer(settings: Settings, token: str) -> Actor:
    """The bearer of the register's own or an issuer's token. Raises ExportRefused, Misconfigured, Unavailable."""
    issuers = read_issuers(settings.issuers)
    try:
        return asyncio.run(identify_once(accepted_tokens(settings), issuers, token, now)).actor
    except Unauthenticated as refusal:
        raise ExportRefused(str(refusal)) from None


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
