"""How many requests and incidents each region has in each status: running counts, now or at any instant.

An interval is the time that one subject spends in one status. A group is what is counted together: region, kind,
marking and audience. Its rows say how many it had in each status, a row whenever that changed. A total is a group of
every region: to count a list must not take longer the more places its items lie in.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import array

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.state import Incident
from domain.recorded import Recorded
from domain.vocabulary import derived_id
from projections.asking import Prepared, Question, Sight, alias, among, instant, named_texts, standing, visible
from projections.counting import STATUSES, count_anew
from projections.documents import encode, reader
from projections.folding import PRESENT, audience_of, regions_around, version_columns
from projections.metadata import PROJECTIONS
from projections.view import STANDS, Folded, Memory, Update, Values, View, memory, present, versions

NAME: Final = "situation"
VERSION: Final = 2

REQUEST: Final = "request"
INCIDENTS: Final = "incident"
EVERYWHERE: Final[ColumnElement[Any]] = literal_column("'{}'::text[]")
"""The regions of a total. Spelled as in its partial index, which the planner compares by its text."""

table: Final = Table(
    NAME,
    PROJECTIONS,
    Column("group_id", Uuid, nullable=False),
    Column("valid_from", TIMESTAMP(timezone=True), nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("marking", Text, nullable=False),
    Column("audience", ARRAY(Text), nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("kind", Text, nullable=False),
    Column("counts", ARRAY(Integer)),
    Column("status", Text),
    Column("count", BigInteger),
    PrimaryKeyConstraint("group_id", "valid_from"),
)
"""counts: in the order of STATUSES. status and count: of version 1 alone, whose rows are of one status each."""
present(table, "audience", postgresql_using="gin")
Index(
    "ix_situation_total_audience",
    table.c.audience,
    postgresql_using="gin",
    postgresql_where=text(f"{STANDS} AND regions = {EVERYWHERE}"),
)

intervals: Final = versions(
    "situation_intervals",
    Column("group_id", Uuid, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("ended_by", BigInteger),
    Column("total_id", Uuid),
    documented=False,
)
present(intervals, "id", unique=True)
Index(None, intervals.c.group_id, intervals.c.valid_from)
Index(None, intervals.c.group_id, intervals.c.valid_until)
Index(None, intervals.c.total_id, intervals.c.valid_from)
Index(None, intervals.c.total_id, intervals.c.valid_until)

remembered: Final = memory("situation_memory")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a region and all below it. kind: 'request' or 'incident'. by_status: those with none are left out."""

    region: str
    kind: str
    by_status: Mapping[str, int]


def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    aggregate = AGGREGATE_OF[type(events[0].event)]
    before, begun = state, []
    for recorded in events:
        after = aggregate.evolve(state, recorded)
        if state is None or after.status is not state.status:
            begun.append((recorded, after))
        state = after
    audience = audience_of(state)
    was = audience if before is None else audience_of(before)
    groups = set(_groups(state, audience)) if begun else set[UUID]()
    if was != audience:
        groups.update(_groups(state, audience), _groups(state, was))
    return Folded(
        subject=events[0].stream,
        kind=aggregate.name,
        state=state,
        rows={intervals: _intervals(begun, audience)},
        ends={intervals: begun[0][0]} if begun and before is not None else {},
        updates=[_widening(state, audience)] if was != audience else (),
        groups=sorted(groups),
        since=begun[0][0].recorded_at if begun and was == audience else None,
    )


def _intervals(begun: Sequence[tuple[Recorded[Any], Any]], audience: list[str]) -> list[Values]:
    """Each until the next one begins."""
    endings: list[Recorded[Any] | None] = [*(recorded for recorded, _ in begun[1:]), PRESENT]
    return [
        (
            *version_columns(recorded, ending.recorded_at if ending else PRESENT, state.marking, audience),
            _group(state, audience),
            regions_around(state.region),
            _kind(state),
            state.status.value,
            ending.position if ending else None,
            _total(state, audience),
        )
        for (recorded, state), ending in zip(begun, endings[: len(begun)], strict=True)
    ]


def _widening(state: Any, audience: list[str]) -> Update:
    """All that was counted of a subject goes to the groups of those who may see it now."""
    group, total = _groups(state, audience)
    values = {"audience": audience, "group_id": group, "total_id": total}
    return Update(table=intervals, where={"id": state.id}, values=values)


def _groups(state: Any, audience: Sequence[str]) -> tuple[UUID, UUID]:
    return _group(state, audience), _total(state, audience)


def _group(state: Any, audience: Sequence[str]) -> UUID:
    return derived_id("situation", encode((_kind(state), state.region, state.marking, audience)))


def _total(state: Any, audience: Sequence[str]) -> UUID:
    return derived_id("situation", encode((_kind(state), state.marking, audience)))


def _kind(state: Any) -> str:
    return INCIDENTS if isinstance(state, Incident) else REQUEST


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table, intervals, remembered),
    memories={
        DEPLOYMENT_REQUEST.name: Memory(table=remembered, read=reader(DeploymentRequest), versioned=False),
        INCIDENT.name: Memory(table=remembered, read=reader(Incident), versioned=False),
    },
    by_stream=(DEPLOYMENT_REQUEST, INCIDENT),
    fold=fold,
    derive=count_anew,
    parks=False,
)


def counts(sight: Sight, regions: Iterable[str] | None) -> Question[Counts]:
    """Of these regions; without, of each that has a request or an incident that the viewer may see. By region.

    A region that was asked for and has none is not in the answer.
    """
    return _COUNTS.of(sight, regions is None, regions=list(regions or ()))


def requests(sight: Sight, status: Iterable[str] | None, regions: Iterable[str] | None) -> Question[int]:
    """How many requests are in any of these statuses, or in any, everywhere or in these regions. One row."""
    wanted = frozenset(RequestStatus if status is None else status)
    return _REQUESTS.of(sight, wanted, regions is None, regions=list(regions or ()))


def _counts_of(sight: Sight, everywhere: bool) -> Select[Any]:
    counted = _seen(sight, table.c.regions != EVERYWHERE)
    if not everywhere:
        counted = counted.where(_in_regions())
    seen = counted.subquery("seen")
    sums = [func.sum(_number(seen, [status])).label(status) for status in STATUSES]
    places = select(seen.c.regions, seen.c.kind, *sums).group_by(seen.c.regions, seen.c.kind).cte("places")
    around = func.unnest(places.c.regions).table_valued("region", name="around").render_derived()
    region = around.c.region
    numbers = (func.sum(places.c[status]) for status in STATUSES)
    statement = select(region, places.c.kind, *numbers).join_from(places, around, true())
    if everywhere:
        statement = statement.where(region.in_(select(places.c.regions[1])))
    else:
        statement = statement.where(among(region, named_texts("regions")))
    return statement.group_by(region, places.c.kind).order_by(region, places.c.kind)


def _requests_in(sight: Sight, statuses: Collection[str], everywhere: bool) -> Select[Any]:
    """Rows of version 1 have no totals: there, and where none is seen, the groups of the regions are added up."""
    places = [table.c.regions == EVERYWHERE, table.c.regions != EVERYWHERE] if everywhere else [_in_regions()]
    return select(func.coalesce(*(_sum(sight, statuses, place) for place in places), 0))


def _in_regions() -> ColumnElement[bool]:
    """The groups of these regions and of all below them."""
    return table.c.regions.bool_op("&&")(named_texts("regions"))


def _sum(sight: Sight, statuses: Collection[str], chosen: ColumnElement[bool]) -> ColumnElement[int]:
    """Of requests. None where no group of those is seen."""
    seen = _seen(sight, table.c.kind == REQUEST, chosen).subquery("seen")
    return select(func.sum(_number(seen, statuses))).scalar_subquery()


def _number(rows: FromClause, statuses: Collection[str]) -> ColumnElement[int]:
    """How many a row counts in any of these statuses."""
    places = (place for place, status in enumerate(STATUSES, start=1) if status in statuses)
    numbers = (func.coalesce(rows.c.counts[literal_column(str(place))], literal_column("0")) for place in places)
    return sum(numbers, literal_column("0"))


def _seen(sight: Sight, *chosen: ColumnElement[bool]) -> Select[Any]:
    """What each of these groups counts, where the viewer is part of it. Each has one row that stands.

    chosen: by what lasts.
    """
    of_group = (visible(table, sight), standing(table, sight.now()), *chosen)
    if sight.as_of is None:
        return select(table.c.regions, table.c.kind, _counted(table)).where(*of_group)
    rows = alias(table, "earlier")
    last = select(_counted(rows)).where(rows.c.group_id == table.c.group_id, rows.c.valid_from <= instant(sight))
    then = last.order_by(rows.c.valid_from.desc()).limit(1).lateral("then_counted")
    return select(table.c.regions, table.c.kind, then.c.counts).select_from(table.join(then, true())).where(*of_group)


def _counted(rows: FromClause) -> ColumnElement[list[int]]:
    """What a row counts. Those of version 1 are of one status each."""
    number = cast(rows.c.count, Integer)
    of_one = array([case((rows.c.status == _named(status), number), else_=0) for status in STATUSES])
    return func.coalesce(rows.c.counts, of_one, type_=ARRAY(Integer)).label("counts")


def _named(status: str) -> ColumnElement[str]:
    return literal_column(f"'{status}'")


def _read_counts(row: Sequence[Any]) -> Counts:
    region, kind, *numbers = row
    found = zip(STATUSES, map(int, numbers), strict=True)
    return Counts(region, kind, {status: number for status, number in found if number})


_COUNTS: Final = Prepared(_counts_of, (NAME,), _read_counts)
_REQUESTS: Final = Prepared(_requests_in, (NAME,), lambda row: int(row[0]))
