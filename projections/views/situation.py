"""How many requests and incidents each region has in each status: running counts, now or at any instant.

An interval is the time that one subject spends in one status and region. A group is a set of subjects that are
counted together: the same region, kind, marking and audience. Its rows say how many subjects it had in each status, one
row for each change. Query time must not grow with the number of regions and audiences. So there are also groups of
all regions, to count whole lists, and groups of all audiences, for viewers who see everything of a marking.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    literal_column,
    text,
)

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.state import DeploymentRequest
from domain.fast_replace import fast_replace
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.vocabulary import Marking, Region, derived_id
from projections.rows import running_counts
from projections.rows.running_counts import LEVELS, miscounted, update_counts
from projections.rows.state_items import without_items
from projections.rows.version_rows import PRESENT, audience_of, regions_around, version_columns
from projections.tables.metadata import PROJECTIONS
from projections.tables.row_documents import encode, reader
from projections.tables.view import (
    IS_CURRENT,
    Folded,
    RowUpdate,
    StateTable,
    Values,
    View,
    present_index,
    state_table,
    version_table,
)

NAME: Final = "situation"
VERSION: Final = 18

REQUEST: Final = "request"
INCIDENTS: Final = "incident"
NONE: Final[ColumnElement[Any]] = literal_column(running_counts.NONE)
"""The regions of a group of all regions; the audience of a group of all audiences. Spelled as in the partial indexes,
which the planner matches by text."""

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
    Column("counts", ARRAY(Integer), nullable=False),
    PrimaryKeyConstraint("group_id", "valid_from"),
)
"""counts: one number for each status, in the order of STATUSES."""
present_index(table, "audience", postgresql_using="gin")
Index(
    "ix_situation_total_audience",
    table.c.audience,
    postgresql_using="gin",
    postgresql_where=text(f"{IS_CURRENT} AND regions = {NONE}"),
)
Index(
    "ix_situation_present_marking",
    table.c.kind,
    table.c.marking,
    table.c.regions,
    postgresql_where=text(f"{IS_CURRENT} AND audience = {NONE}"),
)

intervals: Final = version_table(
    "situation_intervals",
    Column("group_id", Uuid, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("ended_by", BigInteger),
    Column("total_id", Uuid, nullable=False),
    Column("marking_id", Uuid, nullable=False),
    Column("marking_total_id", Uuid, nullable=False),
    documented=False,
)
present_index(intervals, "id", unique=True)
for level in LEVELS:
    Index(None, intervals.c[level.own], intervals.c.valid_from)
    Index(None, intervals.c[level.own], intervals.c.valid_until)

remembered: Final = state_table("situation_memory")


def counted(state: Any) -> Any:
    """The bounded part of a state, with those of its items that decide how it is counted."""
    bounded = fast_replace(without_items(state), former_regions=state.former_regions)
    return fast_replace(bounded, referred_to=state.referred_to) if isinstance(state, Incident) else bounded


def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    aggregate = AGGREGATE_OF[type(events[0].event)]
    before, begun = state, []
    for recorded in events:
        after = counted(aggregate.evolve(state, recorded))
        if state is None or (after.status, after.region) != (state.status, state.region):
            begun.append((recorded, after))
        state = after
    audience = audience_of(state)
    moved = before is not None and (before.marking, audience_of(before)) != (state.marking, audience)
    if moved:
        groups = {*_groups(state, _places(state), audience), *_groups(before, _places(before), audience_of(before))}
    else:
        places = (each.region for each in (before, *(one for _, one in begun)) if each is not None)
        groups = set(_groups(state, places, audience)) if begun else set[UUID]()
    return Folded(
        subject=events[0].stream,
        kind=aggregate.name,
        state=state,
        rows={intervals: _intervals(begun, state.marking, audience)},
        ends={intervals: begun[0][0]} if begun and before is not None else {},
        updates=[_moved(state, place, audience) for place in _places(state)] if moved else (),
        groups=sorted(groups),
        since=begun[0][0].recorded_at if begun and not moved else None,
    )


def _places(state: Any) -> tuple[Region, ...]:
    """The regions that the subject has been recorded in."""
    return tuple(dict.fromkeys((*state.former_regions, state.region)))


def _groups(state: Any, places: Iterable[Region], audience: Sequence[str]) -> Iterator[UUID]:
    """The groups of a subject with this marking and audience, at these places."""
    for place in places:
        there = fast_replace(state, region=place)
        yield from (*_of_audience(there, audience), *_of_marking(there))


def recount(connection: psycopg.Connection[Any], schema: str, folded: Sequence[Folded]) -> Iterator[str]:
    """Checks all groups of each subject at the instant of its last change."""
    names = intervals.c.keys()
    last = [dict(zip(names, each.rows[intervals][-1], strict=True)) for each in folded if each.rows[intervals]]
    for level in LEVELS if last else ():
        yield from miscounted(connection, schema, level, [(row[level.own], row["valid_from"]) for row in last])


def _intervals(begun: Sequence[tuple[Recorded[Any], Any]], marking: Marking, audience: list[str]) -> list[Values]:
    """Intervals, each until the next one begins. marking, audience: after the last event."""
    endings: list[Recorded[Any] | None] = [*(recorded for recorded, _ in begun[1:]), PRESENT]
    return [
        _interval(recorded, fast_replace(state, marking=marking), ending, audience)
        for (recorded, state), ending in zip(begun, endings[: len(begun)], strict=True)
    ]


def _interval(recorded: Recorded[Any], state: Any, ending: Recorded[Any] | None, audience: list[str]) -> Values:
    group, total, *of_marking = _groups(state, (state.region,), audience)
    return (
        *version_columns(recorded, ending.recorded_at if ending else PRESENT, state.marking, audience),
        group,
        regions_around(state.region),
        _kind(state),
        state.status.value,
        ending.position if ending else None,
        total,
        *of_marking,
    )


def _moved(state: Any, place: Region, audience: list[str]) -> RowUpdate:
    """Moves the intervals of a subject at a place to the groups of its new marking and audience."""
    group, total, of_marking, of_marking_total = _groups(state, (place,), audience)
    values = {
        "marking": state.marking.value,
        "audience": audience,
        "group_id": group,
        "total_id": total,
        "marking_id": of_marking,
        "marking_total_id": of_marking_total,
    }
    return RowUpdate(table=intervals, where={"id": state.id, "regions": [*regions_around(place)]}, values=values)


def _of_audience(state: Any, audience: Sequence[str]) -> tuple[UUID, UUID]:
    """The groups of the subject's region and of all regions, for this audience."""
    kind = _kind(state)
    return _group(kind, state.region, state.marking, tuple(audience)), _group(kind, state.marking, tuple(audience))


def _of_marking(state: Any) -> tuple[UUID, UUID]:
    """The same groups, for all audiences."""
    return _group(_kind(state), state.region, state.marking), _group(_kind(state), state.marking)


@lru_cache(4096)
def _group(*counted_together: object) -> UUID:
    return derived_id("situation", encode(counted_together))


def _kind(state: Any) -> str:
    return INCIDENTS if isinstance(state, Incident) else REQUEST


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table, intervals, remembered),
    memories={
        DEPLOYMENT_REQUEST.name: StateTable(table=remembered, read=reader(DeploymentRequest), versioned=False),
        INCIDENT.name: StateTable(table=remembered, read=reader(Incident), versioned=False),
    },
    by_stream=(DEPLOYMENT_REQUEST, INCIDENT),
    fold=fold,
    derive=update_counts,
    group_columns=tuple(level.own for level in LEVELS),
    recount=recount,
    parks=False,
)
