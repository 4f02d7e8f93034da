"""The names of actors, which are stored separately from events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from projections.reading.queries import Query
from projections.tables.stored_events import people


@dataclass(frozen=True, slots=True)
class PersonName:
    issuer: str
    subject: str
    name: str


def names(persons: Iterable[tuple[str, str]]) -> Query[PersonName]:
    """The known names of these persons, given as (issuer, subject)."""
    statement = select(people.c.issuer, people.c.subject, people.c.name)
    return Query(statement.where(tuple_(people.c.issuer, people.c.subject).in_(list(persons))), (), _named)


def _named(row: Sequence[Any]) -> PersonName:
    return PersonName(row[0], row[1], row[2])
