"""Queries of single subjects of a view with version rows: by id, by reference."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Table, select

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
    named_uuids,
    text_array,
    valid_at,
    visible,
)

S = TypeVar("S")


class SubjectQueries(Generic[S]):
    """Finds the subjects that exist and that the viewer may see, in no particular order."""

    def __init__(
        self, table: Table, items: Table, read: Callable[[Any, Any], S], read_bounded: Callable[[Any], S]
    ) -> None:
        """table: named as its view. items: of its subjects. read: decodes a document and its items. read_bounded:
        decodes the fields of a document that contain no items."""
        self.name = table.name
        self.read = read
        self.read_bounded = read_bounded
        self._table = table
        self._items = items
        self._by_ids = PreparedQuery(
            lambda scope: self.states(scope, is_any_of(table.c.id, named_uuids("ids"))), (self.name,), self.state
        )

    def by_ids(self, scope: ViewerScope, ids: Iterable[UUID]) -> Query[S]:
        return self._by_ids.of(scope, ids=list(ids))

    def by_references(self, scope: ViewerScope, references: Iterable[str]) -> Query[S]:
        """References never change, so the current rows find those of the past."""
        rows = self._table if scope.as_of is None else alias(self._table, "now")
        chosen = is_any_of(rows.c.reference, text_array(references))
        if scope.as_of is not None:
            chosen = self._table.c.id.in_(select(rows.c.id).where(rows.c.valid_until == FOREVER, chosen))
        return Query(self.states(scope, chosen), (self.name,), self.state)

    def states(self, scope: ViewerScope, chosen: ColumnElement[bool]) -> Select[Any]:
        """The states of the chosen rows, as `state` reads them."""
        return select(*self.columns(self._table)).where(
            valid_at(self._table, scope), visible(self._table, scope), chosen
        )

    def columns(self, rows: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """The columns of a state, of rows that have an id, a version and a document."""
        return rows.c.document, items_of(rows, self._items)

    def listed(self, page: Select[Any], part: PageShape, *, bounded: bool) -> Select[Any]:
        """A page with the states of its items, as `placed` reads them."""
        return shown(page, part, (lambda rows: (rows.c.document,)) if bounded else self.columns)

    def state(self, row: Sequence[Any]) -> S:
        return self.read(row[0], row[1])

    def placed(self, row: Sequence[Any]) -> tuple[ListPosition, S]:
        """An item of a list: its place, then the columns of its state, or the document alone."""
        place, columns = ListPosition(row[0], row[1]), row[2:]
        return place, self.read(*columns) if len(columns) > 1 else self.read_bounded(*columns)
