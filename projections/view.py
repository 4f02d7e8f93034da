"""What a view is: tables, and a fold of one subject's events into rows. How rows get written stands in `applying`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    Connection,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from domain.catalogue import Aggregate
from domain.recorded import Recorded
from projections.metadata import PROJECTIONS

Values = tuple[Any, ...]
"""One row, in the order of its table's columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What some events of one subject make of it.

    subject: the key by which its events belong together. state: after them; what is remembered of it.
    rows: what is added. ends: the instant until which its row that stood before is valid, None where it stays.
    audiences: where who may see the subject changed, what its earlier rows get: values by the table's name.
    """

    subject: UUID
    kind: str
    state: Any
    rows: Mapping[str, Sequence[Values]]
    ends: datetime | None = None
    audiences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One question that the events answer, kept as rows.

    version: raised when fold or columns change; the rows are then built anew.
    tables: in the order in which they are written and locked.
    memory: the table that holds the state of every subject as it is now, where that is none of the tables of rows.
    subject: what an event belongs to; the folds of two subjects never look at each other.
    fold: the state before, None at the beginning, and some events of one subject, the oldest first.
    by_stream: aggregates whose subject is their stream, so that they can be folded stream by stream.
    by_position: aggregates whose events must be folded in the order of the log. Of others, nothing is kept.
    derive: what is computed from the rows once they are written, for the subjects that were.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    memory: Table | None = None
    by_stream: tuple[Aggregate, ...]
    by_position: tuple[Aggregate, ...] = ()
    subject: Callable[[Recorded[Any]], UUID] = field(default=lambda recorded: recorded.stream)
    fold: Callable[[Any, Sequence[Recorded[Any]]], Folded]
    derive: Callable[[Connection, str, Sequence[Folded]], None] | None = None


def versions(name: str, *columns: Column[Any]) -> Table:
    """A table that keeps the rows of the past: one for each version of each subject.

    position: of the event that made it. valid_from: when that was recorded; valid_until: when the next one was,
    'infinity' for the row that stands. audience: who may see it, the same for all rows of a subject: as it is now.
    document: the state itself.
    """
    return Table(
        name,
        PROJECTIONS,
        Column("id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("valid_from", TIMESTAMP(timezone=True), nullable=False),
        Column("valid_until", TIMESTAMP(timezone=True), nullable=False),
        Column("marking", Text, nullable=False),
        Column("audience", ARRAY(Text), nullable=False),
        *columns,
        Column("document", Text, nullable=False),
        PrimaryKeyConstraint("id", "version"),
    )


STANDS = text("valid_until = 'infinity'::timestamptz")


def present(table: Table, *columns: str, **options: Any) -> Index:
    """An index over the rows that stand. Its name tells it from one over all rows."""
    name = f"ix_{table.name}_present_{'_'.join(columns)}"
    return Index(name, *(table.c[column] for column in columns), postgresql_where=STANDS, **options)
