"""How many requests and incidents each region has in each status: running counts, now or at any instant.

An interval is the time that one subject spends in one status. A group is what is counted together: region, kind,
status, marking and audience. Its rows say how many there were, a row whenever the count changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    Index,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    Uuid,
    func,
    select,
    true,
)

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.recorded import Recorded
from domain.vocabulary import derived_id
from projections.asking import Question, Sight, alias, among, standing, texts, visible, within
from projections.counting import count_anew
from projections.documents import encode, reader
from projections.folding import PRESENT, audience_of, regions_around, version_columns
from projections.metadata import PROJECTIONS
from projections.view import Folded, Memory, Update, Values, View, memory, present, versions

NAME: Final = "situation"
VERSION: Final = 1

REQUEST: Final = "request"
INCIDENTS: Final = "incident"

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
    Column("status", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("group_id", "valid_from"),
)
present(table, "audience", postgresql_using="gin")

intervals: Final = versions(
    "situation_intervals",
    Column("group_id", Uuid, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("ended_by", BigInteger),
    documented=False,
)
present(intervals, "id", unique=True)
Index(None, intervals.c.group_id, intervals.c.valid_from)
Index(None, intervals.c.group_id, intervals.c.valid_until)

remembered: Final = memory("situation_memory")


@dataclass(frozen=True, slots=True)
class Count:
    """Of a region and all below it. kind: 'request' or 'incident'. status: of either. count: 1 or more."""

    region: str
    kind: str
    status: str
    count: int


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
    groups = {_group(after, after.status, audience) for _, after in begun}
    if begun and before is not None:
        groups.add(_group(before, before.status, was))
    if was != audience:
        groups.update(_group(state, status, each) for status in type(state.status) for each in (was, audience))
    return Folded(
        subject=events[0].stream,
        kind=aggregate.name,
        state=state,
        rows={intervals: _intervals(begun, audience)},
        ends={intervals: begun[0][0]} if begun and before is not None else {},
        updates=_widening(state, audience) if was != audience else (),
        groups=sorted(groups),
        since=begun[0][0].recorded_at if begun and was == audience else None,
    )


def _intervals(begun: Sequence[tuple[Recorded[Any], Any]], audience: list[str]) -> list[Values]:
    """Each until the next one begins."""
    endings: list[Recorded[Any] | None] = [*(recorded for recorded, _ in begun[1:]), PRESENT]
    return [
        (
            *version_columns(recorded, ending.recorded_at if ending else PRESENT, state.marking, audience),
            _group(state, state.status, audience),
            regions_around(state.region),
            _kind(state),
            state.status.value,
            ending.position if ending else None,
        )
        for (recorded, state), ending in zip(begun, endings[: len(begun)], strict=True)
    ]


def _widening(state: Any, audience: list[str]) -> list[Update]:
    """All that was counted of a subject goes to the groups of those who may see it now."""
    return [
        Update(
            table=intervals,
            where={"id": state.id, "status": status.value},
            values={"audience": audience, "group_id": _group(state, status, audience)},
        )
        for status in type(state.status)
    ]


def _group(state: Any, status: StrEnum, audience: Sequence[str]) -> UUID:
    return derived_id("situation", encode((_kind(state), state.region, status, state.marking, audience)))


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


def counts(sight: Sight, regions: Iterable[str] | None) -> Question[Count]:
    """Of these regions; without, of each that has a request or an incident that the viewer may see. By region.

    A region that was asked for and has none is not in the answer.
    """
    counted = _seen_counts(sight)
    if regions is not None:
        counted = counted.where(table.c.regions.bool_op("&&")(texts(regions)))
    seen = counted.cte("seen")
    around = func.unnest(seen.c.regions).table_valued("region", name="around").render_derived()
    region = around.c.region
    statement = select(region, seen.c.kind, seen.c.status, func.sum(seen.c.count)).join_from(seen, around, true())
    if regions is None:
        statement = statement.where(region.in_(select(seen.c.regions[1])))
    else:
        statement = statement.where(among(region, texts(regions)))
    statement = statement.group_by(region, seen.c.kind, seen.c.status)
    return Question(statement.order_by(region, seen.c.kind, seen.c.status), (NAME,), _count)


def requests(sight: Sight, status: Iterable[str], regions: Iterable[str] | None) -> Question[int]:
    """How many requests are in any of these statuses, everywhere or in these regions. One row."""
    seen = _seen_counts(sight).subquery("seen")
    statement = select(func.coalesce(func.sum(seen.c.count), 0))
    statement = statement.where(seen.c.kind == REQUEST, among(seen.c.status, texts(status)))
    if regions is not None:
        statement = statement.where(within(seen.c.regions, regions))
    return Question(statement, (NAME,), lambda row: int(row[0]))


def _seen_counts(sight: Sight) -> Select[Any]:
    """What each group that the viewer is part of counts, where it counts any. A group has one row that stands."""
    of_group = (visible(table, sight), standing(table, sight.now()))
    if sight.as_of is None:
        statement = select(table.c.regions, table.c.kind, table.c.status, table.c.count)
        return statement.where(*of_group, table.c.count > 0)
    rows = alias(table, "earlier")
    last = select(rows.c.count).where(rows.c.group_id == table.c.group_id, rows.c.valid_from <= sight.as_of)
    then = last.order_by(rows.c.valid_from.desc()).limit(1).lateral("then_counted")
    statement = select(table.c.regions, table.c.kind, table.c.status, then.c.count)
    return statement.select_from(table.join(then, true())).where(*of_group, then.c.count > 0)


def _count(row: Sequence[Any]) -> Count:
    return Count(row[0], row[1], row[2], int(row[3]))
