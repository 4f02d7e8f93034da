"""Queries of single subjects of a view with version rows: by id, by reference."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ColumnElement, FromClause, Select, Table, bindparam, func, select

from domain.fast_replace import fast_replace
from projections.reading.filter_shape import PageShape
from projections.reading.item_rows import items_of
from projections.reading.list_queries import shown
from projections.reading.queries import (
    FOREVER,
    ListPosition,
    PreparedQuery,
    Query,
    ViewerScope,
    alias,
    is_any_of,
    named_texts,
    named_uuids,
    valid_at,
    visible,
)

S = TypeVar("S")

Names = frozenset[str]
"""Names of what is read of a state. None in their place: everything."""
PartialReaders = Callable[[Names], Callable[[str], S] | None]


class SubjectQueries(Generic[S]):
    """Finds the subjects that exist and that the viewer may see, in no particular order."""

    def __init__(self, table: Table, items: Table, read: Callable[[Any, Any], S], read_some: PartialReaders[S]) -> None:
        """table: named as its view. items: of its subjects. read: decodes a document and its items. read_some: decodes
        the fields with these names; None if the state must be read whole."""
        self.name = table.name
        self.read = read
        self._read_some = read_some
        self._table = table
        self._items = items
        self._by_ids = PreparedQuery(
            lambda scope, bounded: self.states(scope, is_any_of(table.c.id, named_uuids("ids")), bounded=bounded),
            (self.name,),
            self.state,
            by_key=True,
        )
        self._at_versions = PreparedQuery(
            self._of_pairs, (self.name,), lambda row: (int(row[0]), self.read(row[1], row[2])), by_key=True
        )
        self._by_references = PreparedQuery(self._called, (self.name,), self.state, by_key=True)

    def by_ids(self, scope: ViewerScope, ids: Iterable[UUID], names: Names | None = None) -> Query[S]:
        """names: what is read of each state."""
        return self.prepared(self._by_ids, scope, names, ids=list(ids))

    def by_references(self, scope: ViewerScope, references: Iterable[str], names: Names | None = None) -> Query[S]:
        """References never change, so the current rows find those of the past. names: what is read of each state."""
        return self.prepared(self._by_references, scope, names, references=list(references))

    def at_versions(self, scope: ViewerScope, pairs: Iterable[tuple[UUID, int]]) -> Query[tuple[int, S]]:
        """The subjects at these versions, each with the position of the event that made it.

        Ignores `as_of`.
        """
        wanted = list(pairs)
        return self._at_versions.of(
            scope, ids=[each for each, _ in wanted], versions=[version for _, version in wanted]
        )

    def prepared(self, query: PreparedQuery[S], scope: ViewerScope, names: Names | None, **values: object) -> Query[S]:
        """A query whose form is only whether its states are bounded. names: what is read of each state."""
        read = self.reader(names)
        found = query.of(scope, read is not None, **values)
        return found if read is None else fast_replace(found, read=lambda row: read(row[0]))

    def reader(self, names: Names | None) -> Callable[[str], S] | None:
        """The decoder of a bounded state: one of which only these names are read. None if they must be read whole."""
        return None if names is None else self._read_some(names)

    def _of_pairs(self, scope: ViewerScope) -> Select[Any]:
        table, versions = self._table, bindparam("versions", type_=ARRAY(BigInteger))
        pairs = func.unnest(named_uuids("ids"), versions).table_valued("id", "version", name="pairs").render_derived()
        chosen = (table.c.id == pairs.c.id) & (table.c.version == pairs.c.version)
        columns = (table.c.position, *self.columns(table))
        return select(*columns).join_from(pairs, table, chosen).where(visible(table, scope))

    def _called(self, scope: ViewerScope, bounded: bool) -> Select[Any]:
        rows = self._table if scope.as_of is None else alias(self._table, "now")
        chosen = is_any_of(rows.c.reference, named_texts("references"))
        if scope.as_of is not None:
            chosen = self._table.c.id.in_(select(rows.c.id).where(rows.c.valid_until == FOREVER, chosen))
        return self.states(scope, chosen, bounded=bounded)

    def states(self, scope: ViewerScope, chosen: ColumnElement[bool], *, bounded: bool = False) -> Select[Any]:
        """The states of the chosen rows, as `state` reads them. bounded: their documents alone."""
        columns = (self._table.c.document,) if bounded else self.columns(self._table)
        return select(*columns).where(valid_at(self._table, scope), visible(self._table, scope), chosen)

    def columns(self, rows: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """The columns of a state, of rows that have an id, a version and a document."""
        return rows.c.document, items_of(rows, self._items)

    def listed(self, page: Select[Any], part: PageShape, *, bounded: bool) -> Select[Any]:
        """A page with the states of its items, as `placed` reads them."""
        return shown(page, part, (lambda rows: (rows.c.document,)) if bounded else self.columns)

    def state(self, row: Sequence[Any]) -> S:
        return self.read(row[0], row[1])

    def placed(self, row: Sequence[Any]) -> tuple[ListPosition, S]:
        """An item of a list: its place, then the columns of its state."""
        return ListPosition(row[0], row[1]), self.read(row[2], row[3])

    def placed_by(self, read: Callable[[str], S]) -> Callable[[Sequence[Any]], tuple[ListPosition, S]]:
        """As `placed`, for bounded states."""
        return lambda row: (ListPosition(row[0], row[1]), read(row[2]))
