"""The access log: who was shown sensitive material or took material out, recorded before it is sent."""

import json
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal
from uuid import UUID

import psycopg

from domain import visibility
from domain.markings import strictest
from domain.vocabulary import Actor, Marking
from service.errors import Overloaded, Unavailable, first_line
from service.event_store.store import EventStore

SENSITIVE: Final = frozenset({Marking.AMBER_STRICT, Marking.RED})
"""Markings of which every read is recorded."""
AccessKind = Literal[
    "query", "mutation", "subscription", "history", "trail", "explanation", "inbox", "list", "dossier", "export"
]
"""How it was read: by a GraphQL operation, on the command line, or as a file."""
ATTEMPTS: Final = 10
"""A pool may hold connections that the database has closed. An entry that is written twice is harmless. Without a free
connection, as in an outage, there is one attempt."""
AUTHOR: Final = ("issuer", "subject", "authority")
"""What is read of an author."""
RECORD: Final = "SELECT event_store.record_access(%s::jsonb)"
UNWRITABLE: Final = "the access log cannot be written"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A request, an incident or a piece of evidence that is shown. marking: in force. None: unknown.

    An unknown marking is recorded as RED. Of an author, AUTHOR is read.
    """

    subject: UUID
    marking: Marking | None
    author: Actor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One answer or output. disclosures: empty for the whole register. document: sha256 id of a GraphQL document."""

    reader: Actor
    what: AccessKind
    disclosures: Collection[Disclosure] = ()
    document: str | None = None


def entries_of(accesses: Iterable[Access]) -> str:
    """The argument of event_store.record_access: for each access, an entry for each author of its subjects."""
    return json.dumps([entry for access in accesses for entry in _entries(access)])


def record_access(store: EventStore, access: Access) -> None:
    """Records an access durably. Raises Unavailable: show nothing then."""
    entries = entries_of([access])
    for attempt in range(ATTEMPTS):
        try:
            store.execute(RECORD, [entries])
            return
        except Overloaded:
            raise
        except Unavailable:
            if attempt == ATTEMPTS - 1:
                raise
        except psycopg.Error as error:
            _log.error("%s: %s", UNWRITABLE, first_line(error))
            raise Unavailable(UNWRITABLE) from error


def _entries(access: Access) -> Iterator[Mapping[str, Any]]:
    """An entry for each author, so that each author sees their own subjects alone."""
    reader = access.reader
    of_reader = {
        "reader_kind": reader.kind.value,
        "reader_issuer": reader.issuer,
        "reader_subject": reader.subject,
        "reader_authority": reader.authority,
        "reader_roles": reader.roles,
        "what": access.what,
        "document": access.document,
    }
    grouped = groupby(sorted(access.disclosures, key=_tokens), key=_tokens)
    groups = [(tokens, list(shown)) for tokens, shown in grouped] or [((), [])]
    auditors = (visibility.AUDITORS, visibility.auditors(reader.authority))
    for tokens, shown in groups:
        markings = [each.marking or Marking.RED for each in shown]
        yield {
            **of_reader,
            "subjects": sorted({str(each.subject) for each in shown}),
            "marking": strictest(*markings) if markings else None,
            "audience": sorted({*auditors, *tokens}),
        }


def _tokens(disclosure: Disclosure) -> tuple[str, ...]:
    """The tokens of the author and of the auditors of their authority."""
    author = disclosure.author
    if author is None:
        return ()
    return visibility.person(author.issuer, author.subject), visibility.auditors(author.authority)
