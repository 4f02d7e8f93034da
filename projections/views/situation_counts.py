"""Queries of the running counts: by region, and of requests, now or at any instant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    func,
    literal_column,
    select,
    true,
    union_all,
)

from domain.deployment_request.state import RequestStatus
from projections.reading.queries import (
    PreparedQuery,
    Query,
    ViewerScope,
    alias,
    instant,
    is_any_of,
    named_texts,
    of_markings_seen_whole,
    valid_at,
    visible_of_others,
)
from projections.rows.running_counts import STATUSES
from projections.views.situation import NAME, NONE, REQUEST, table


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """The counts of a region and all regions below it. kind: 'request' or 'incident'. by_status: without zeros."""

    region: str
    kind: str
    by_status: Mapping[str, int]


def by_region(scope: ViewerScope, regions: Iterable[str] | None) -> Query[StatusCounts]:
    """The counts of these regions; if None, of each region with a request or incident that the viewer may see.

    Ordered by region. A region without any is omitted.
    """
    return _COUNTS.of(scope, regions is None, regions=list(regions or ()))


def requests(scope: ViewerScope, status: Iterable[str] | None, regions: Iterable[str] | None) -> Query[int]:
    """How many requests are in these statuses (None: any), in these regions (None: everywhere). One row."""
    wanted = frozenset(RequestStatus if status is None else status)
    return _REQUESTS.of(scope, wanted, regions is None, regions=list(regions or ()))


def _counts_of(scope: ViewerScope, everywhere: bool) -> Select[Any]:
    wanted = table.c.regions != NONE if everywhere else _in_regions()
    seen = _seen(scope, wanted).subquery("seen")
    sums = [func.sum(_number(seen, [status])).label(status) for status in STATUSES]
    some = func.sum(_number(seen, STATUSES)) > literal_column("0")
    places = select(seen.c.regions, seen.c.kind, *sums).group_by(seen.c.regions, seen.c.kind).having(some).cte("places")
    around = func.unnest(places.c.regions).table_valued("region", name="around").render_derived()
    region = around.c.region
    numbers = (func.sum(places.c[status]) for status in STATUSES)
    statement = select(region, places.c.kind, *numbers).join_from(places, around, true())
    if everywhere:
        statement = statement.where(region.in_(select(places.c.regions[1])))
    else:
        statement = statement.where(is_any_of(region, named_texts("regions")))
    return statement.group_by(region, places.c.kind).order_by(region, places.c.kind)


def _requests_in(scope: ViewerScope, statuses: Collection[str], everywhere: bool) -> Select[Any]:
    wanted = table.c.regions == NONE if everywhere else _in_regions()
    of_requests = table.c.kind == _named(REQUEST)
    seen = _seen(scope, of_requests & wanted).subquery("seen")
    return select(func.coalesce(func.sum(_number(seen, statuses)), 0))


def _in_regions() -> ColumnElement[bool]:
    """Matches the groups of these regions and of all regions below them."""
    return table.c.regions.bool_op("&&")(named_texts("regions"))


def _number(rows: FromClause, statuses: Collection[str]) -> ColumnElement[int]:
    """How many subjects a row counts in any of these statuses."""
    places = (place for place, status in enumerate(STATUSES, start=1) if status in statuses)
    numbers = (func.coalesce(rows.c.counts[literal_column(str(place))], literal_column("0")) for place in places)
    return sum(numbers, literal_column("0"))


def _seen(scope: ViewerScope, wanted: ColumnElement[bool]) -> CompoundSelect[Any]:
    """The counts of the groups that add up to what the viewer may see. wanted: filters groups by unchanging columns."""
    return union_all(
        _counts_in(scope, wanted, table.c.audience == NONE, of_markings_seen_whole(table)),
        _counts_in(scope, wanted, visible_of_others(table, scope)),
    )


def _counts_in(scope: ViewerScope, *chosen: ColumnElement[bool]) -> Select[Any]:
    """The counts of each chosen group. Each group has one current row."""
    of_group = (valid_at(table, scope.now()), *chosen)
    if scope.as_of is None:
        return select(table.c.regions, table.c.kind, table.c.counts).where(*of_group)
    rows = alias(table, "earlier")
    last = select(rows.c.counts).where(rows.c.group_id == table.c.group_id, rows.c.valid_from <= instant(scope))
    then = last.order_by(rows.c.valid_from.desc()).limit(1).lateral("then_counted")
    return select(table.c.regions, table.c.kind, then.c.counts).select_from(table.join(then, true())).where(*of_group)


def _named(name: str) -> ColumnElement[str]:
    return literal_column(f"'{name}'")


def _read_counts(row: Sequence[Any]) -> StatusCounts:
    region, kind, *numbers = row
    found = zip(STATUSES, map(int, numbers), strict=True)
    return StatusCounts(region, kind, {status: number for status, number in found if number})


_COUNTS: Final = PreparedQuery(_counts_of, (NAME,), _read_counts)
_REQUESTS: Final = PreparedQuery(_requests_in, (NAME,), lambda row: int(row[0]))
