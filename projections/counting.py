"""Running counts from intervals: how many subjects a group had, a row whenever that changed.

The rows are a function of the intervals alone, so that they come out the same however the events were gathered.
"""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from projections.view import Folded

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

STEPS: Final = """
    SELECT i.*, i.valid_from AS instant, 1 AS step, i.position AS made_by
    FROM touched t JOIN {schema}.situation_intervals i ON i.group_id = t.group_id AND i.valid_from >= t.since
    UNION ALL
    SELECT i.*, i.valid_until, -1, i.ended_by
    FROM touched t JOIN {schema}.situation_intervals i
        ON i.group_id = t.group_id AND i.valid_until >= t.since AND i.valid_until < 'infinity'
"""
ALL_STEPS: Final = """
    SELECT i.*, i.valid_from AS instant, 1 AS step, i.position AS made_by FROM {schema}.situation_intervals i
    UNION ALL
    SELECT i.*, i.valid_until, -1, i.ended_by FROM {schema}.situation_intervals i WHERE i.valid_until < 'infinity'
"""
TOUCHED_ONES: Final = "touched (group_id, since) AS (SELECT * FROM unnest(%s::uuid[], %s::timestamptz[])),"
BEFORE: Final = """
    (SELECT l.count FROM touched t JOIN {schema}.situation l ON l.group_id = t.group_id AND l.valid_from < t.since
     WHERE t.group_id = c.group_id ORDER BY l.valid_from DESC LIMIT 1)
"""

COUNT: Final = """
    WITH {touched}
    steps AS ({steps}),
    changes AS (
        SELECT group_id, instant, sum(step) AS step, max(made_by) AS position, min(marking) AS marking,
               min(audience) AS audience, min(regions) AS regions, min(kind) AS kind, min(status) AS status
        FROM steps GROUP BY group_id, instant HAVING sum(step) <> 0
    )
    INSERT INTO {schema}.situation
        (group_id, valid_from, valid_until, position, marking, audience, regions, kind, status, count)
    SELECT c.group_id, c.instant, coalesce(lead(c.instant) OVER later, 'infinity'), c.position, c.marking, c.audience,
           c.regions, c.kind, c.status, coalesce({before}, 0) + sum(c.step) OVER later
    FROM changes c
    WINDOW later AS (PARTITION BY c.group_id ORDER BY c.instant)
"""

END: Final = """
    UPDATE {schema}.situation c SET valid_until = coalesce((
        SELECT min(n.valid_from) FROM {schema}.situation n WHERE n.group_id = c.group_id AND n.valid_from >= t.since
    ), 'infinity')
    FROM unnest(%s::uuid[], %s::timestamptz[]) AS t (group_id, since)
    WHERE c.group_id = t.group_id AND c.valid_from = (
        SELECT max(l.valid_from) FROM {schema}.situation l WHERE l.group_id = t.group_id AND l.valid_from < t.since
    )
"""


def count_anew(connection: psycopg.Connection[Any], schema: str, folded: Sequence[Folded] | None) -> None:
    """The counts of the groups that were touched, from when they were; of all where folded is None."""
    if folded is None:
        _run(connection, _counting(schema, "", ALL_STEPS, "NULL"))
        return
    rows = [(group, each.since, each.subject) for each in folded for group in each.groups]
    if not rows:
        return
    touched = _run(connection, TOUCHED.format(schema=schema), *map(list, zip(*rows, strict=True))).fetchall()
    groups = [group for group, _ in touched], [since for _, since in touched]
    _run(connection, FORGET.format(schema=schema), *groups)
    _run(connection, _counting(schema, TOUCHED_ONES, STEPS, BEFORE), *groups)
    _run(connection, END.format(schema=schema), *groups)


def _counting(schema: str, touched: str, steps: str, before: str) -> str:
    parts = {"steps": steps.format(schema=schema), "before": before.format(schema=schema)}
    return COUNT.format(schema=schema, touched=touched, **parts)


def _run(connection: psycopg.Connection[Any], statement: str, *parameters: Any) -> psycopg.Cursor[Any]:
    return connection.execute(statement.encode(), parameters)
