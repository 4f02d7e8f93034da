"""The items of a state, looked up with its row: one range of an index for each row."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Table, literal_column, select

from projections.reading.queries import alias

TOLD: Final = (
    """'[' || string_agg('["' || i.field || '",' || i.ordinal || ',' || i.document || ',' || {texts} || ']'"""
    """, ',' ORDER BY i.version) || ']'"""
)
"""As `projections.items.reader_with_items` takes them. NULL where there are none."""
TEXTS: Final = "coalesce(i.texts, 'null')"
NO_TEXTS: Final = "'null'"


def items_without_texts(schema: str, items: Table, *, versioned: bool) -> str:
    """The items of a row of `t`, as an expression of SQL: up to its version, or all where it has none."""
    until = "AND i.version <= t.version" if versioned else ""
    told = TOLD.format(texts=NO_TEXTS)
    return f"(SELECT {told} FROM {schema}.{items.name} i WHERE i.id = t.id {until})"  # noqa: S608


def items_of(rows: FromClause, items: Table) -> ColumnElement[Any]:
    """All that were there at the version of a row. rows: with id and version."""
    i = alias(items, "i")
    told: ColumnElement[Any] = literal_column(TOLD.format(texts=TEXTS if "texts" in items.c else NO_TEXTS))
    found = select(told).select_from(i).where(i.c.id == rows.c.id, i.c.version <= rows.c.version)
    return found.correlate(rows).scalar_subquery()
