"""Running counts from intervals: how many subjects a group had in each status, one row for each change.

The rows depend on the intervals alone, so batching of events does not affect them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.vocabulary import iso_time
from projections.tables.view import Folded

STATUSES: Final = (
    "SUBMITTED", "UNDER_REVIEW", "WITHHELD_PENDING_ATTRIBUTION",
    "APPROVED", "DENIED", "WITHDRAWN", "REVOKED", "EXPIRED",
    "OPEN", "ATTRIBUTED", "INCONCLUSIVE",
)  # fmt: skip
"""Statuses of requests and incidents, in the order of a row's counts. Append new ones: existing rows keep their
meaning."""

TOUCHED: Final = """
    SELECT t.group_id, min(coalesce(t.since, (
        SELECT min(i.valid_from) FROM {schema}.situation_intervals i WHERE i.id = t.subject
    )))
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::uuid[]) AS t (group_id, since, subject) GROUP BY 1
"""

FORGET: Final = """
    DELETE FROM {schema}.situation c USING unnest(%s::uuid[], %s::timestamptz[]) AS t (group_id, since)
    WHERE c.group_id = t.group_id AND c.valid_from >= t.since
"""

STEP: Final = """
    SELECT i.{own} AS group_id, {regions} AS regions, i.marking, {audience} AS audience, i.kind, i.status,
           i.valid_from AS instant, 1 AS step, i.position AS made_by
    FROM {schema}.situation_intervals i {begun}
    UNION ALL
    SELECT i.{own}, {regions}, i.marking, {audience}, i.kind, i.status, i.valid_until, -1, i.ended_by
    FROM {schema}.situation_intervals i {ended} i.valid_until < 'infinity'
"""
NONE: Final = "'{}'::text[]"
"""The regions of a group of all regions; the audience of a group of all audiences."""


@dataclass(frozen=True, slots=True)
class GroupLevel:
    """A kind of group. own: the interval column with the group's id. regions, audience: SQL for those of the group."""

    own: str
    regions: str
    audience: str


LEVELS: Final = (
    GroupLevel("group_id", regions="i.regions", audience="i.audience"),
    GroupLevel("total_id", regions=NONE, audience="i.audience"),
    GroupLevel("marking_id", regions="i.regions", audience=NONE),
    GroupLevel("marking_total_id", regions=NONE, audience=NONE),
)


@dataclass(frozen=True, slots=True)
class CountScope:
    """Which groups are counted. touched: names them; begun, ended: joins to their steps; before: counts up to then."""

    touched: str
    begun: str
    ended: str
    before: str


ALL_GROUPS: Final = CountScope(touched="", begun="", ended="WHERE", before="SELECT NULL::int[] AS counts")
TOUCHED_GROUPS: Final = CountScope(
    touched="touched (group_id, since) AS (SELECT * FROM unnest(%s::uuid[], %s::timestamptz[])),",
    begun="JOIN touched t ON i.{own} = t.group_id AND i.valid_from >= t.since",
    ended="JOIN touched t ON i.{own} = t.group_id AND i.valid_until >= t.since AND",
    before="""
        SELECT l.counts FROM touched t JOIN {schema}.situation l ON l.group_id = t.group_id AND l.valid_from < t.since
        WHERE t.group_id = c.group_id ORDER BY l.valid_from DESC LIMIT 1
    """,
)

COUNT: Final = """
    WITH {touched}
    steps AS ({steps}),
    net AS (
        SELECT group_id, instant, status, sum(step) AS step, max(made_by) AS position, min(marking) AS marking,
               min(audience) AS audience, min(regions) AS regions, min(kind) AS kind
        FROM steps GROUP BY group_id, instant, status HAVING sum(step) <> 0
    ),
    changes AS (
        SELECT group_id, instant, max(position) AS position, min(marking) AS marking, min(audience) AS audience,
               min(regions) AS regions, min(kind) AS kind, {changed}
        FROM net GROUP BY group_id, instant
    )
    INSERT INTO {schema}.situation
        (group_id, valid_from, valid_until, position, marking, audience, regions, kind, counts)
    SELECT c.group_id, c.instant, coalesce(lead(c.instant) OVER later, 'infinity'), c.position, c.marking, c.audience,
           c.regions, c.kind, ARRAY[{counts}]::int[]
    FROM changes c LEFT JOIN LATERAL ({before}) AS b ON true
    WINDOW later AS (PARTITION BY c.group_id ORDER BY c.instant)
"""
CHANGED: Final = ", ".join(
    f"sum(step) FILTER (WHERE status = '{status}') AS status_{place}" for place, status in enumerate(STATUSES, start=1)
)
COUNTS: Final = ", ".join(
    f"coalesce(b.counts[{place}], 0) + coalesce(sum(c.status_{place}) OVER later, 0)"
    for place in range(1, len(STATUSES) + 1)
)

END: Final = """
    UPDATE {schema}.situation c SET valid_until = coalesce((
        SELECT min(n.valid_from) FROM {schema}.situation n WHERE n.group_id = c.group_id AND n.valid_from >= t.since
    ), 'infinity')
    FROM unnest(%s::uuid[], %s::timestamptz[]) AS t (group_id, since)
    WHERE c.group_id = t.group_id AND c.valid_from = (
        SELECT max(l.valid_from) FROM {schema}.situation l WHERE l.group_id = t.group_id AND l.valid_from < t.since
    )
"""

FROM_SCRATCH: Final = """
    SELECT p.group_id, p.instant, s.counts, i.counts FROM unnest(%s::uuid[], %s::timestamptz[]) AS p (group_id, instant)
    LEFT JOIN {schema}.situation s
           ON s.group_id = p.group_id AND s.valid_from <= p.instant AND p.instant < s.valid_until
    CROSS JOIN LATERAL (
        SELECT ARRAY[{counts}]::int[] AS counts FROM {schema}.situation_intervals i
        WHERE i.{own} = p.group_id AND i.valid_from <= p.instant AND p.instant < i.valid_until
    ) AS i
    WHERE s.counts IS DISTINCT FROM i.counts
"""
EACH: Final = ", ".join(f"count(*) FILTER (WHERE i.status = '{status}')" for status in STATUSES)


def miscounted(
    connection: psycopg.Connection[Any], schema: str, level: GroupLevel, places: Iterable[tuple[UUID, datetime]]
) -> Iterator[str]:
    """One line for each group whose running counts at an instant differ from a count of its intervals.

    places: groups of the level, with an instant for each.
    """
    statement = FROM_SCRATCH.format(schema=schema, own=level.own, counts=EACH)
    for group, instant, there, wanted in _run(connection, statement, *map(list, zip(*places, strict=True))):
        yield f"situation group_id={group} at {iso_time(instant)}: counts is {there}, and its intervals make {wanted}"


def update_counts(connection: psycopg.Connection[Any], schema: str, folded: Sequence[Folded] | None) -> None:
    """Recounts the affected groups from their first change on; all groups if folded is None."""
    if folded is None:
        _run(connection, _counting(schema, ALL_GROUPS))
        return
    rows = [(group, each.since, each.subject) for each in folded for group in each.groups]
    if not rows:
        return
    touched = _run(connection, TOUCHED.format(schema=schema), *map(list, zip(*rows, strict=True))).fetchall()
    groups = [group for group, _ in touched], [since for _, since in touched]
    _run(connection, FORGET.format(schema=schema), *groups)
    _run(connection, _counting(schema, TOUCHED_GROUPS), *groups)
    _run(connection, END.format(schema=schema), *groups)


def _counting(schema: str, scope: CountScope) -> str:
    return COUNT.format(
        schema=schema,
        touched=scope.touched,
        steps="UNION ALL".join(_steps(schema, scope, level) for level in LEVELS),
        changed=CHANGED,
        counts=COUNTS,
        before=scope.before.format(schema=schema),
    )


def _steps(schema: str, scope: CountScope, level: GroupLevel) -> str:
    begun, ended = (part.format(own=level.own) for part in (scope.begun, scope.ended))
    return STEP.format(
        schema=schema, own=level.own, regions=level.regions, audience=level.audience, begun=begun, ended=ended
    )


def _run(connection: psycopg.Connection[Any], statement: str, *parameters: Any) -> psycopg.Cursor[Any]:
    return connection.execute(statement.encode(), parameters)
