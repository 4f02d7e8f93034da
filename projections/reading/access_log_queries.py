"""Queries of the access log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TIMESTAMP, ColumnElement, Select, Text, bindparam, select

from domain.vocabulary import Actor, ActorKind, Marking, Role
from projections.reading.filter_shape import PageShape, part_values
from projections.reading.list_queries import ordered
from projections.reading.queries import (
    ListPosition,
    PreparedQuery,
    Query,
    ViewerScope,
    is_any_of,
    named_texts,
    named_uuids,
    visible,
)
from projections.tables.stored_events import access_log as table


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogEntry:
    """What one reader was shown in one answer, of one author. subjects: requests, incidents and pieces of evidence.

    document: id of the GraphQL document. marking: the strictest of the subjects.
    """

    id: UUID
    at: datetime
    reader: Actor
    what: str
    subjects: tuple[UUID, ...]
    document: str | None
    marking: Marking | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogFilter:
    """None does not filter. person: the reader's subject. authority: the one that they acted for.

    from_, until: at this instant or later, and before this instant.
    """

    person: str | None = None
    authority: str | None = None
    subject: UUID | None = None
    from_: datetime | None = None
    until: datetime | None = None
    what: Sequence[str] | None = None


def page(
    scope: ViewerScope, wanted: AccessLogFilter, limit: int, after: ListPosition | None = None
) -> Query[tuple[ListPosition, AccessLogEntry]]:
    """The next entries, newest first. Query one more than you show, to know whether there are more."""
    values: dict[str, Any] = {
        name: value for name in wanted.__dataclass_fields__ if (value := getattr(wanted, name)) is not None
    }
    chosen = tuple(values)
    if wanted.subject is not None:
        values["subject"] = [wanted.subject]
    if wanted.what is not None:
        values["what"] = list(dict.fromkeys(wanted.what))
    return _PAGES.of(scope, chosen, after is not None, **values, **part_values(limit, after))


def _page(scope: ViewerScope, chosen: tuple[str, ...], continued: bool) -> Select[Any]:
    conditions = (_CONDITIONS[name] for name in chosen)
    found = select(*(table.c[name] for name in _SHOWN)).where(visible(table, scope), *conditions)
    return ordered(found, table.c.at, table.c.id, PageShape(continued=continued, falling=True))


def _read(row: Sequence[Any]) -> tuple[ListPosition, AccessLogEntry]:
    values = dict(zip(_SHOWN, row, strict=True))
    entry = AccessLogEntry(
        id=values["id"],
        at=values["at"],
        reader=Actor(
            kind=ActorKind(values["reader_kind"]),
            issuer=values["reader_issuer"],
            subject=values["reader_subject"],
            authority=values["reader_authority"],
            roles=tuple(map(Role, values["reader_roles"])),
        ),
        what=values["what"],
        subjects=tuple(values["subjects"]),
        document=values["document"],
        marking=Marking(values["marking"]) if values["marking"] else None,
    )
    return ListPosition(entry.at, entry.id), entry


_SHOWN: Final = (
    "id", "at", "reader_kind", "reader_issuer", "reader_subject", "reader_authority", "reader_roles", "what",
    "subjects", "document", "marking",
)  # fmt: skip
_CONDITIONS: Final[Mapping[str, ColumnElement[bool]]] = {
    "person": table.c.reader_subject == bindparam("person", type_=Text),
    "authority": table.c.reader_authority == bindparam("authority", type_=Text),
    "subject": table.c.subjects.bool_op("@>")(named_uuids("subject")),
    "from_": table.c.at >= bindparam("from_", type_=TIMESTAMP(timezone=True)),
    "until": table.c.at < bindparam("until", type_=TIMESTAMP(timezone=True)),
    "what": is_any_of(table.c.what, named_texts("what")),
}
_PAGES: Final = PreparedQuery(_page, (), _read)
