"""The names of actors, which are stored separately from events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select

from projections.reading.queries import EVERYTHING, PreparedQuery, Query, ViewerScope, named_texts
from projections.tables.stored_events import people


@dataclass(frozen=True, slots=True)
class PersonName:
    issuer: str
    subject: str
    name: str


def names(persons: Iterable[tuple[str, str]]) -> Query[PersonName]:
    """The known names of these persons, given as (issuer, subject)."""
    wanted = list(persons)
    return _NAMES.of(EVERYTHING, issuers=[issuer for issuer, _ in wanted], subjects=[subject for _, subject in wanted])


def _names(_scope: ViewerScope) -> Select[Any]:
    issuers, subjects = named_texts("issuers"), named_texts("subjects")
    wanted = func.unnest(issuers, subjects).table_valued("issuer", "subject", name="wanted").render_derived()
    same = (people.c.issuer == wanted.c.issuer) & (people.c.subject == wanted.c.subject)
    return select(people.c.issuer, people.c.subject, people.c.name).join_from(wanted, people, same)


def _named(row: Sequence[Any]) -> PersonName:
    return PersonName(row[0], row[1], row[2])


_NAMES: Final = PreparedQuery(_names, (), _named, by_key=True)
