"""What waits for a deputy's principals: a list for each, merged into one page.

A place in the order ends with the principal, since one step can wait for several.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, FromClause, Select, Text, Uuid, bindparam, column, func, or_, select, true, tuple_

from projections.reading.filter_shape import AFTER_AT, AFTER_ID, LIMIT, PageShape
from projections.reading.queries import named_texts, named_uuids

NOBODY: Final = UUID(int=0)
"""In place of a principal, of what waits for the viewer: before all persons in the order of ids."""
AFTER_PRINCIPAL: Final[BindParameter[UUID]] = bindparam("after_principal", type_=Uuid())


def by_role() -> FromClause:
    """A row for each principal and role."""
    rows = func.unnest(named_uuids("principals"), named_texts("lent_roles"))
    return rows.table_valued(column("principal", Uuid()), column("role", Text()), name="lent").render_derived()


def each(name: str) -> FromClause:
    """A row for each principal of a parameter."""
    return func.unnest(named_uuids(name)).table_valued(column("principal", Uuid()), name="lent").render_derived()


def page(found: Select[Any], rows: FromClause, lent: FromClause, part: PageShape) -> Select[Any]:
    """found: of what waits for one row of `lent`. rows: what is in the order, by `due_at` and `item`."""
    place = tuple_(rows.c.due_at, rows.c.item)
    if part.continued:
        after = tuple_(AFTER_AT, AFTER_ID)
        follows = or_(place > after, lent.c.principal > AFTER_PRINCIPAL)
        found = found.where(rows.c.due_at >= AFTER_AT, place >= after, follows)
    one = found.order_by(rows.c.due_at, rows.c.item).limit(LIMIT).lateral("each")
    every = select(*one.c, lent.c.principal).select_from(lent.join(one, true()))
    return every.order_by(one.c.at, one.c.id, lent.c.principal).limit(LIMIT)
