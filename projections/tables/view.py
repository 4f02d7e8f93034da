"""What a view is: tables, and a fold of one subject's events into rows. How rows get written stands in `following`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text, Uuid, text

from domain.catalogue import AGGREGATE_OF, Aggregate
from domain.recorded import Recorded
from projections.tables.metadata import PROJECTIONS

Values = tuple[Any, ...]
"""One row, in the order of its table's columns; None for 'infinity' in valid_until."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowUpdate:
    """What changes in the rows that are there, by the names of columns."""

    table: Table
    where: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What some events of one subject make of it.

    kind and state: what it is after them. rows: what is added. ends: by table, the event until which the row that
    stood before was valid. updates: in this order, after the rows are added.
    groups: what is counted anew, from `since` on, or over the subject's whole life where that is None.
    """

    subject: UUID
    kind: str
    state: Any
    rows: Mapping[Table, Sequence[Values]]
    ends: Mapping[Table, Recorded[Any]] = field(default_factory=dict)
    updates: Sequence[RowUpdate] = ()
    groups: Sequence[UUID] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTable:
    """Where the states of one kind of subject are kept, and what reads one.

    versioned: its table keeps the rows of the past, and the state is that of the row that stands.
    items: the table of the state's items, where it has any. Their texts are not read.
    """

    table: Table
    read: Callable[..., Any]
    versioned: bool
    items: Table | None = None


def subject_is_stream(recorded: Recorded[Any]) -> UUID:
    return recorded.stream


def kind_is_aggregate(recorded: Recorded[Any]) -> str:
    return AGGREGATE_OF[type(recorded.event)].name


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One question that the events answer, kept as rows.

    version: raised when fold or columns change; the rows are then built anew.
    tables: in the order in which they are written and locked.
    memories: by kind of subject. by_stream: aggregates whose subject is their stream, so that they can be folded stream
    by stream. by_position: those that must be folded in the order of the log. Of others, nothing is kept.
    fold: the state before, None at the beginning, and some events of one subject, the oldest first. The folds of two
    subjects never look at each other.
    derive: computes in a schema what hangs on the rows of several subjects: on those just written, or on all (None).
    recount: what of that is not what counting from scratch comes to, in a line each: of some subjects' last changes.
    ignores: events that make no difference to it, of aggregates that otherwise do.
    parks: whether a stream with an event that cannot be applied is set aside; otherwise the view stops there, loudly.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    memories: Mapping[str, StateTable]
    by_stream: tuple[Aggregate, ...]
    by_position: tuple[Aggregate, ...] = ()
    subject: Callable[[Recorded[Any]], UUID] = subject_is_stream
    kind: Callable[[Recorded[Any]], str] = kind_is_aggregate
    fold: Callable[[Any, Sequence[Recorded[Any]]], Folded]
    derive: Callable[[psycopg.Connection[Any], str, Sequence[Folded] | None], None] | None = None
    recount: Callable[[psycopg.Connection[Any], str, Sequence[Folded]], Iterator[str]] | None = None
    parks: bool = True
    ignores: tuple[type[Any], ...] = ()

    def keeps(self, recorded: Recorded[Any]) -> bool:
        """Whether an event makes a difference to it."""
        return (
            not isinstance(recorded.event, self.ignores)
            and AGGREGATE_OF[type(recorded.event)] in self.by_stream + self.by_position
        )


def version_table(name: str, *columns: Column[Any], documented: bool = True) -> Table:
    """A table that keeps the rows of the past: one for each version of each subject.

    position: of the event that made it. valid_from: when that was recorded; valid_until: when the next one was,
    'infinity' for the row that stands. audience: who may see it, the same for all rows of a subject: as it is now.
    document: the state itself, without the items that a table of items has.
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
        *([Column("document", Text, nullable=False)] if documented else []),
        PrimaryKeyConstraint("id", "version"),
    )


def items(name: str, *, texts: bool = True) -> Table:
    """A table of what of a state grows without bound: a row for each item, and for each of its changes.

    version: from which on it is so. field and ordinal: the place of the item in the state.
    """
    return Table(
        name,
        PROJECTIONS,
        Column("id", Uuid, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("field", Text, nullable=False),
        Column("ordinal", BigInteger, nullable=False),
        Column("document", Text, nullable=False),
        *([Column("texts", Text)] if texts else []),
        PrimaryKeyConstraint("id", "version", "field", "ordinal"),
    )


def state_table(name: str) -> Table:
    """A table of what is remembered of each subject, where no table of versions holds it."""
    return Table(
        name,
        PROJECTIONS,
        Column("id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("document", Text, nullable=False),
    )


STANDS: Final = text("valid_until = 'infinity'::timestamptz")


def present_index(table: Table, *columns: str, **options: Any) -> Index:
    """An index over the rows that stand. Its name tells it from one over all rows."""
    name = f"ix_{table.name}_present_{'_'.join(columns)}"
    return Index(name, *(table.c[column] for column in columns), postgresql_where=STANDS, **options)
