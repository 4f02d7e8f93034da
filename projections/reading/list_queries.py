"""Lists as statements: ordered, page by page, now and as of then.

What a filter asks for lasts (a request's region) or passes (its status). Of the past, a list that is ordered by what
lasts goes along the first row of each subject, which tells since when it was there, to the one that stood then.
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
"""What LIKE does not take as it stands."""
SLACK: Final = timedelta(days=1)
"""How far at most something may seem to have happened after it was recorded: clocks differ."""

PLACE: Final = """((regions[1] COLLATE "C") || '/'::text)"""
"""The path of a region with its end: 'xk/north/' begins with 'xk/', and 'xk-west/' does not."""


def ordered(statement: Select[Any], by: ColumnElement[Any], id: ColumnElement[Any], part: PageShape) -> Select[Any]:
    """The part of a list that is ordered by an instant, and where that is the same by an id."""
    place, after = tuple_(by, id), tuple_(AFTER_AT, AFTER_ID)
    if part.falling:
        statement = statement.order_by(by.desc(), id.desc())
        beyond = (by <= AFTER_AT, place < after)
    else:
        statement = statement.order_by(by, id)
        beyond = (by >= AFTER_AT, place > after)
    return (statement.where(*beyond) if part.continued else statement).limit(LIMIT)


def merged(lists: Sequence[Select[Any]], part: PageShape) -> Select[Any]:
    """One list of several that share no item, each in this order by `at` and `id`."""
    if len(lists) == 1:
        return lists[0]
    every = union_all(*(select(each.subquery()) for each in lists)).subquery("every")
    return select(every).order_by(*_order(every, part)).limit(LIMIT)


def of_each(column: ColumnElement[Any], values: ColumnElement[Any], found: Select[Any]) -> Select[Any]:
    """What is found of each value by itself, for a column that leads an index in the order of what is found."""
    wanted = func.unnest(values).table_valued("value", name="wanted").render_derived()
    each = found.where(column == wanted.c.value).lateral("each")
    return select(*each.c).select_from(wanted.join(each, true()))


def gathered(keys: Select[Any], table: Table, part: PageShape) -> Select[Any]:
    """The part of a list of few: the keys of all are found before they are ordered. keys: at, id, version."""
    found = keys.cte("found").prefix_with("MATERIALIZED")
    part_of_all = ordered(select(found), found.c.at, found.c.id, part).subquery("part")
    statement = select(part_of_all.c.at, table.c.id, table.c.version, table.c.document)
    same = (table.c.id == part_of_all.c.id) & (table.c.version == part_of_all.c.version)
    return statement.join_from(part_of_all, table, same).order_by(*_order(part_of_all, part))


def shown(
    page: Select[Any], part: PageShape, state_in: Callable[[FromClause], Sequence[ColumnElement[Any]]]
) -> Select[Any]:
    """A page with the states of its items, which are looked up for what is on the page alone.

    page: at, id, version, document. state_in: the columns of a state.
    """
    rows = page.subquery("page")
    return select(rows.c.at, rows.c.id, *state_in(rows)).order_by(*_order(rows, part))


def _order(rows: FromClause, part: PageShape) -> tuple[ColumnElement[Any], ...]:
    return (rows.c.at.desc(), rows.c.id.desc()) if part.falling else (rows.c.at, rows.c.id)


def place_of(rows: FromClause) -> ColumnElement[str]:
    """Where the subject of a row is."""
    return literal_column(f"""(({rows.name}.regions[1] COLLATE "C") || '/'::text)""")  # type: ignore[attr-defined]


def any_of(column: ColumnElement[Any], chosen: Any) -> ColumnElement[bool]:
    """chosen: the parameters of a filter's field. One value keeps the order of what an index has after the column."""
    match each(chosen):
        case []:
            return is_any_of(column, chosen)
        case [one]:
            return column == one  # type: ignore[no-any-return]
        case several:
            return is_any_of(column, array(several, type_=Text))


def containing(text: str) -> str:
    """The pattern of all that holds a text, as it stands."""
    return "%" + SPECIAL.sub(r"\\\g<0>", text) + "%"


def like_all(column: ColumnElement[str], patterns: Any) -> ColumnElement[bool]:
    """patterns: the parameters of a filter's field. Every one of them has to fit."""
    match each(patterns):
        case [one]:
            return column.bool_op("LIKE")(one)
        case _:
            return column.bool_op("LIKE")(func.all(patterns))


def beneath(rows: FromClause, regions: Any) -> ColumnElement[bool]:
    """The rows of these regions and of all below them, by the parameters of a filter's field.

    Of a few, a range each, since '0' is what comes after '/'. Of many, by all the regions around each row.
    """
    if not (few := each(regions)):
        return rows.c.regions.bool_op("&&")(regions)
    place = place_of(rows)
    return or_(*((place >= region + "/") & (place < region + "0") for region in few))


def outermost(regions: Iterable[str]) -> list[str]:
    """Those of the regions that lie in no other one of them."""
    kept: list[str] = []
    for region in sorted(set(regions)):
        if not any(region.startswith(f"{outer}/") for outer in kept):
            kept.append(region)
    return kept


def indexed(name: str, table: Table, *columns: str, where: TextClause | None = None) -> Index:
    """An index of lists: 'place' stands for where the subject of a row is.

    Nothing that grows with its subject belongs here, such as an audience: a row of an index has 2,704 bytes at most.
    """
    parts = (text(PLACE) if column == "place" else table.c[column] for column in columns)
    return Index(f"ix_{table.name}_{name}", *parts, postgresql_where=where)


FIRST: Final = text("version = 1")


def first_of(table: Table, scope: ViewerScope) -> tuple[FromClause, ColumnElement[bool]]:
    """The first row of each subject, for what lasts: beside a table, and the condition that it was there by then."""
    rows = alias(table, "first")
    return rows, (rows.c.version == literal_column("1")) & (rows.c.valid_from <= instant(scope))
