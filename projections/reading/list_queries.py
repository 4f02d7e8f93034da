"""Lists as statements: ordered, paginated, now or at an instant in the past.

A filter is on something that lasts (who requests) or that passes (the status, the region). For the past, a list ordered
by something that lasts reads the first row of each subject, which says since when it exists, and joins the row valid
then.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Index,
    Select,
    Table,
    Text,
    TextClause,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import array

from projections.reading.filter_shape import AFTER_AT, AFTER_ID, LIMIT, PageShape, each
from projections.reading.queries import ViewerScope, alias, instant, is_any_of

SPECIAL: Final = re.compile(r"[\\%_]")
"""Characters with a special meaning in LIKE patterns."""
SLACK: Final = timedelta(days=1)
"""Tolerance for clock differences: an event may claim to have happened at most this long after it was recorded."""

PLACE: Final = "(regions[1])"
"""A region's path, in indexes; the migration gives them the collation "C", which Alembic does not compare. Behind
row-level security, only leakproof expressions such as this one are used with an index."""


def ordered(statement: Select[Any], by: ColumnElement[Any], id: ColumnElement[Any], part: PageShape) -> Select[Any]:
    """A page of a list ordered by an instant, then by an id."""
    place, after = tuple_(by, id), tuple_(AFTER_AT, AFTER_ID)
    if part.falling:
        statement = statement.order_by(by.desc(), id.desc())
        beyond = (by <= AFTER_AT, place < after)
    else:
        statement = statement.order_by(by, id)
        beyond = (by >= AFTER_AT, place > after)
    return (statement.where(*beyond) if part.continued else statement).limit(LIMIT)


def merged(lists: Sequence[Select[Any]], part: PageShape) -> Select[Any]:
    """Merges lists that share no item, each ordered by `at` and `id`."""
    if len(lists) == 1:
        return lists[0]
    every = union_all(*(select(each.subquery()) for each in lists)).subquery("every")
    return select(every).order_by(*_order(every, part)).limit(LIMIT)


def of_each(column: ColumnElement[Any], values: ColumnElement[Any], found: Select[Any]) -> Select[Any]:
    """Runs the query for each value separately, so that an index that begins with the column gives its order."""
    wanted = func.unnest(values).table_valued("value", name="wanted").render_derived()
    each = found.where(column == wanted.c.value).lateral("each")
    return select(*each.c).select_from(wanted.join(each, true()))


def gathered(keys: Select[Any], table: Table, part: PageShape) -> Select[Any]:
    """A page of a short list: all keys are found before they are ordered. keys: at, id, version."""
    found = keys.cte("found").prefix_with("MATERIALIZED")
    part_of_all = ordered(select(found), found.c.at, found.c.id, part).subquery("part")
    statement = select(part_of_all.c.at, table.c.id, table.c.version, table.c.document)
    same = (table.c.id == part_of_all.c.id) & (table.c.version == part_of_all.c.version)
    return statement.join_from(part_of_all, table, same).order_by(*_order(part_of_all, part))


def shown(
    page: Select[Any], part: PageShape, state_in: Callable[[FromClause], Sequence[ColumnElement[Any]]]
) -> Select[Any]:
    """A page with the states of its items, which are read for this page only.

    page: at, id, version, document. state_in: the columns of a state.
    """
    rows = page.subquery("page")
    return select(rows.c.at, rows.c.id, *state_in(rows)).order_by(*_order(rows, part))


def _order(rows: FromClause, part: PageShape) -> tuple[ColumnElement[Any], ...]:
    return (rows.c.at.desc(), rows.c.id.desc()) if part.falling else (rows.c.at, rows.c.id)


def place_of(rows: FromClause) -> ColumnElement[str]:
    """The region's path of a row's subject, as in PLACE."""
    return literal_column(f"""({rows.name}.regions[1] COLLATE "C")""")  # type: ignore[attr-defined]


def any_of(column: ColumnElement[Any], chosen: Any) -> ColumnElement[bool]:
    """chosen: the parameters of a filter's field. A single value keeps the order of the index's later columns."""
    match each(chosen):
        case []:
            return is_any_of(column, chosen)
        case [one]:
            return column == one
        case several:
            return is_any_of(column, array(several, type_=Text))


def containing(text: str) -> str:
    """The LIKE pattern of everything that contains a text literally."""
    return "%" + SPECIAL.sub(r"\\\g<0>", text) + "%"


def like_all(column: ColumnElement[str], patterns: Any) -> ColumnElement[bool]:
    """Matches all patterns. patterns: the parameters of a filter's field."""
    match each(patterns):
        case [one]:
            return column.bool_op("LIKE")(one)
        case _:
            return column.bool_op("LIKE")(func.all(patterns))


def beneath(rows: FromClause, regions: Any) -> ColumnElement[bool]:
    """The rows of these regions and all regions below them. regions: the parameters of a filter's field.

    A few regions are matched by a range each, many by the array of regions of each row. '0' follows '/'; a range also
    contains 'xk-west', between 'xk' and 'xk/'.
    """
    if not (few := each(regions)):
        return rows.c.regions.bool_op("&&")(regions)
    place = place_of(rows)
    return or_(
        *((place >= region) & (place < region + "0") & ((place == region) | (place >= region + "/")) for region in few)
    )


def outermost(regions: Iterable[str]) -> list[str]:
    """The regions that lie in no other one of them."""
    kept: list[str] = []
    for region in sorted(set(regions)):
        if not any(region.startswith(f"{outer}/") for outer in kept):
            kept.append(region)
    return kept


def indexed(name: str, table: Table, *columns: str | ColumnElement[Any], where: TextClause | None = None) -> Index:
    """An index for lists, on columns and expressions. The column 'place' stands for PLACE.

    Do not index columns that grow with the subject, such as an audience: an index row has at most 2,704 bytes.
    """
    parts = (_indexed_part(table, column) for column in columns)
    return Index(f"ix_{table.name}_{name}", *parts, postgresql_where=where)


def _indexed_part(table: Table, column: str | ColumnElement[Any]) -> ColumnElement[Any] | TextClause:
    if not isinstance(column, str):
        return column
    return text(PLACE) if column == "place" else table.c[column]


FIRST: Final = text("version = 1")


def first_of(table: Table, scope: ViewerScope) -> tuple[FromClause, ColumnElement[bool]]:
    """The first row of each subject, for columns that last, and the condition that the subject existed by then."""
    rows = alias(table, "first")
    return rows, (rows.c.version == literal_column("1")) & (rows.c.valid_from <= instant(scope))
