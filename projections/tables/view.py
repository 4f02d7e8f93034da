"""The definition of a view: its tables, and a fold of one subject's events into rows. `following` writes the rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text, Uuid, text

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATE_OF
from domain.recorded_event import Recorded
from projections.tables.metadata import PROJECTIONS

Values = tuple[Any, ...]
"""One row, in the order of its table's columns. In valid_until, None means 'infinity'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowUpdate:
    """An update of existing rows. where, values: by column name."""

    table: Table
    where: Mapping[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The result of folding some events of one subject.

    kind and state: of the subject after these events. rows: to insert. ends: by table, the event that ends the current
    row. updates: applied in this order, after the inserts.
    groups: groups to recount, from `since` on, or over the subject's whole history if that is None.
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
    """Where the states of one kind of subject are stored, and their decoder.

    versioned: the table has version rows, and the state is that of the current row.
    items: the table of the state's items, if any. Their texts are not loaded.
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
    """Rows derived from events to answer one question.

    version: increment it when fold or columns change; the view is then rebuilt.
    tables: in the order in which they are written and locked.
    memories: by kind of subject. by_stream: aggregates whose subject is their stream, so they can be folded stream
    by stream. by_position: aggregates that must be folded in the order of the log. Other aggregates are ignored.
    fold: takes the previous state (None for a new subject) and some events of one subject, oldest first. Folds of
    different subjects are independent.
    derive: computes rows in a schema that depend on several subjects: for the folds just written, or for all (None).
    group_columns: columns with the ids of the groups that a row is counted in; `derive` recounts groups.
    recount: yields one line for each derived row that differs from a count from scratch, at the last changes of the
    given subjects.
    ignores: event types that have no effect on the view, of aggregates that otherwise have.
    parks: whether a stream with an event that cannot be applied is parked; otherwise the view stops with an error.
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
    group_columns: tuple[str, ...] = ()
    recount: Callable[[psycopg.Connection[Any], str, Sequence[Folded]], Iterator[str]] | None = None
    parks: bool = True
    ignores: tuple[type[Any], ...] = ()

    def keeps(self, recorded: Recorded[Any]) -> bool:
        """Whether the event has an effect on the view."""
        return (
            not isinstance(recorded.event, self.ignores)
            and AGGREGATE_OF[type(recorded.event)] in self.by_stream + self.by_position
        )


def version_table(name: str, *columns: Column[Any], documented: bool = True) -> Table:
    """A table with one row for each version of each subject.

    position: of the event that made the version. valid_from: when that event was recorded. valid_until: when the next
    one was, 'infinity' for the current row. audience: who may see the subject now, the same in all of its rows.
    document: the state, without items that have a table of their own.
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


def items(name: str, *, texts: bool = True, audience: bool = True, within: bool = False) -> Table:
    """A table of the unbounded parts of a state: one row for each item and each of its changes.

    version: the first one with this content. field and ordinal: the place of the item in the state. audience: of the
    subject, as in its version rows; not needed where only followers read the items. within: who, of those in the
    audience, sees the item; NULL: all of them.
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
        *([Column("audience", ARRAY(Text))] if audience else []),
        *([Column("within", ARRAY(Text))] if within else []),
        PrimaryKeyConstraint("id", "version", "field", "ordinal"),
    )


def state_table(name: str) -> Table:
    """A table of the states that folds need, for views without version rows that hold them."""
    return Table(
        name,
        PROJECTIONS,
        Column("id", Uuid, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("document", Text, nullable=False),
    )


IS_CURRENT: Final = text("valid_until = 'infinity'::timestamptz")


def present_index(table: Table, *columns: str, **options: Any) -> Index:
    """An index over the current rows. Its name differs from that of an index over all rows."""
    name = f"ix_{table.name}_present_{'_'.join(columns)}"
    return Index(name, *(table.c[column] for column in columns), postgresql_where=IS_CURRENT, **options)
