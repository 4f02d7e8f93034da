"""The registered regions, each with its names, current and past. All are CLEAR."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Column, ColumnElement, Select, Text, bindparam, func, select

from domain import region
from domain.catalogue import REGION_PARTS
from domain.folded_text import folded
from domain.recorded_event import Recorded
from domain.region import RegisteredRegion
from domain.visibility import EVERYBODY
from domain.vocabulary import Marking
from domain.voided_events import RegionEventVoided
from projections.reading.list_queries import containing
from projections.reading.queries import PreparedQuery, Query, ViewerScope, is_any_of, named_texts, valid_at
from projections.rows.version_rows import PRESENT, version_columns
from projections.tables.row_documents import encode, reader
from projections.tables.view import Folded, StateTable, Values, View, present_index, version_table

NAME: Final = "regions"
VERSION: Final = 1

_region_in: Final = reader(RegisteredRegion)

table: Final = version_table(NAME, Column("path", Text, nullable=False), Column("search", Text, nullable=False))
"""path: with the collation "C", which the migration gives it."""
present_index(table, "id", unique=True)
present_index(table, "path", unique=True)


def subject_of(recorded: Recorded[Any]) -> UUID:
    """A region, not the stream that it shares with the other parts of its parent."""
    return region.id_of(recorded.event.path)


def fold(state: RegisteredRegion | None, events: Sequence[Recorded[Any]]) -> Folded:
    before, after, subject = state, state, subject_of(events[0])
    rows, ends = list[Values](), [*(recorded.recorded_at for recorded in events[1:]), PRESENT]
    for recorded, until in zip(events, ends, strict=True):
        after = region.registered(after, recorded)
        _, *columns = version_columns(recorded, until, Marking.CLEAR, [EVERYBODY])
        rows.append((subject, *columns, after.path, search_text(after), encode(after)))
    return Folded(
        subject=subject,
        kind=REGION_PARTS.name,
        state=after,
        rows={table: rows},
        ends={} if before is None else {table: events[0]},
    )


def search_text(found: RegisteredRegion) -> str:
    """Path and names, folded, one per line."""
    return "\n".join(folded(each) for each in (found.path, *(name.name for name in found.names)))


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table,),
    memories={REGION_PARTS.name: StateTable(table=table, read=_region_in, versioned=True)},
    by_stream=(),
    by_position=(REGION_PARTS,),
    subject=subject_of,
    fold=fold,
    parks=False,
    ignores=(RegionEventVoided,),
)


def by_paths(scope: ViewerScope, paths: Iterable[str]) -> Query[RegisteredRegion]:
    return _BY_PATHS.of(scope, paths=list(paths))


def page(
    scope: ViewerScope, under: str | None, text: str | None, limit: int, after: str | None = None
) -> Query[RegisteredRegion]:
    """By path. under: only regions within this one. text: words that the path or names contain. after: a path."""
    return _PAGE.of(scope, under is not None, after is not None, **_values(under, text), limit=limit, after=after)


def count(scope: ViewerScope, under: str | None, text: str | None) -> Query[int]:
    """The number of regions in the list of `page`."""
    return _COUNT.of(scope, under is not None, **_values(under, text))


def _values(under: str | None, text: str | None) -> dict[str, object]:
    words = folded(text or "").split()
    return {"within": f"{under}/", "beyond": f"{under}0", "patterns": [containing(word) for word in words]}


def _chosen(scope: ViewerScope, within: bool) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a list. '0' follows '/'."""
    has_words = table.c.search.bool_op("LIKE")(func.all(named_texts("patterns")))
    beneath = (table.c.path >= bindparam("within", type_=Text), table.c.path < bindparam("beyond", type_=Text))
    return (valid_at(table, scope), has_words, *(beneath if within else ()))


def _page(scope: ViewerScope, within: bool, continued: bool) -> Select[Any]:
    beyond = (table.c.path > bindparam("after", type_=Text),) if continued else ()
    found = select(table.c.document).where(*_chosen(scope, within), *beyond)
    return found.order_by(table.c.path).limit(bindparam("limit", type_=BigInteger))


def _count(scope: ViewerScope, within: bool) -> Select[Any]:
    return select(func.count()).select_from(table).where(*_chosen(scope, within))


def _by_paths(scope: ViewerScope) -> Select[Any]:
    return select(table.c.document).where(valid_at(table, scope), is_any_of(table.c.path, named_texts("paths")))


def _read(row: Sequence[Any]) -> RegisteredRegion:
    return _region_in(row[0])


_BY_PATHS: Final = PreparedQuery(_by_paths, (NAME,), _read, by_key=True)
_PAGE: Final = PreparedQuery(_page, (NAME,), _read)
_COUNT: Final = PreparedQuery(_count, (NAME,), lambda row: int(row[0]))
