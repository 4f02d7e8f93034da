"""The items of a state, selected together with its row: one index range for each row."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Table, literal_column, select

from projections.reading.queries import alias

ITEMS: Final = (
    """'[' || string_agg('["' || i.field || '",' || i.ordinal || ',' || i.document || ',' || {texts} || ']'"""
    """, ',' ORDER BY i.version) || ']'"""
)
"""JSON as `projections.state_items.reader_with_items` decodes it. NULL if there are no items."""
TEXTS: Final = "coalesce(i.texts, 'null')"
NO_TEXTS: Final = "'null'"


def items_without_texts(schema: str, items: Table, *, versioned: bool) -> str:
    """An SQL expression for the items of a row of `t`: up to its version if versioned, else all."""
    until = "AND i.version <= t.version" if versioned else ""
    found = ITEMS.format(texts=NO_TEXTS)
    return f"(SELECT {found} FROM {schema}.{items.name} i WHERE i.id = t.id {until})"  # noqa: S608


def items_of(rows: FromClause, items: Table) -> ColumnElement[Any]:
    """The items at the version of a row. rows: with id and version."""
    i = alias(items, "i")
    as_json: ColumnElement[Any] = literal_column(ITEMS.format(texts=TEXTS if "texts" in items.c else NO_TEXTS))
    found = select(as_json).select_from(i).where(i.c.id == rows.c.id, i.c.version <= rows.c.version)
    return found.correlate(rows).scalar_subquery()
