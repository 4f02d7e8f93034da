"""What the tables of the inbox have in common: what waits at each version of a request or an incident.

Tables of their own, because behind row-level security an index finds what waits only by equality.
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Column, PrimaryKeyConstraint, Table, Text, Uuid

from domain import visibility
from domain.recorded_event import Recorded
from domain.vocabulary import Person, derived_id
from projections.tables.metadata import PROJECTIONS
from projections.tables.view import Values

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""The due date of what is due at any time: at the end of the order."""


def inbox_table(name: str, key: Column[Any], *columns: Column[Any]) -> Table:
    """key: tells apart what waits at one version. audience: of the subject. item: the id in the inbox."""
    return Table(
        name,
        PROJECTIONS,
        Column("id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        key,
        Column("valid_from", TIMESTAMP(timezone=True), nullable=False),
        Column("valid_until", TIMESTAMP(timezone=True), nullable=False),
        Column("audience", ARRAY(Text), nullable=False),
        Column("item", Uuid, nullable=False),
        Column("since", TIMESTAMP(timezone=True), nullable=False),
        Column("due_at", TIMESTAMP(timezone=True), nullable=False),
        Column("why", Text, nullable=False),
        *columns,
        PrimaryKeyConstraint("id", "version", key.name),
    )


def inbox_values(
    recorded: Recorded[Any],
    key: object,
    until: datetime | None,
    audience: list[str],
    item: tuple[str, ...],
    *,
    since: datetime,
    due: datetime | None,
    why: str,
) -> Values:
    """The columns that every such table begins with. item: the natural key of the item."""
    place = (recorded.stream, recorded.version, key, recorded.recorded_at, until, audience)
    return (*place, derived_id("inbox", *item), since, due or NEVER, why)


def person_id(person: Person) -> UUID:
    """An id of a person, as short as many of them in one row must be."""
    return derived_id("person", visibility.person(*person))
