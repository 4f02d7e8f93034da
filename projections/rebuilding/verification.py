"""Compares a rebuilt view with the live one, both in one snapshot at the same position."""

from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from random import randint
from typing import Any, Final
from uuid import UUID

import psycopg
from sqlalchemy import TIMESTAMP, Table

from projections.following.leadership import connect
from projections.following.replay import LogReplay, topics
from projections.following.row_writer import LIVE, begins, fold, memories
from projections.rebuilding.row_differences import RowDifference, counted, differences, differing
from projections.tables.view import Folded, Values, View

LISTED: Final = 20
"""Most differences that are listed."""
SAMPLED: Final = 25
"""Most subjects that are folded from scratch."""
OF_VIEW: Final = "SELECT DISTINCT originator_id FROM event_store.events WHERE topic = ANY(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Result of a comparison.

    position: of both sides. served_version: of the fold that made the live rows. rows: of the rebuilt view. differing:
    number of rows that differ; differences: the first of them. sampled: subjects whose rebuilt rows were checked
    against a fold from scratch. parked: parked streams, whose rows are not compared.
    """

    view: str
    position: int
    served_version: int
    version: int
    rows: int
    differing: int
    differences: Sequence[RowDifference]
    sampled: int
    parked: int = 0

    @property
    def may_differ(self) -> bool:
        """Rows of another version are expected to differ."""
        return self.served_version != self.version

    def summary(self) -> str:
        """One sentence."""
        rows = "row differs" if self.differing == 1 else "rows differ"
        parts = [
            f"{self.view}: {self.differing:,} {rows} at position {self.position:,}, of {self.rows:,}",
            f"{self.sampled} subjects folded from scratch",
        ]
        if self.may_differ:
            parts.append(f"version {self.version} compared with version {self.served_version}, which is live")
        if self.parked:
            parts.append(f"{self.parked} parked {'stream was' if self.parked == 1 else 'streams were'} left out")
        return "; ".join(parts)

    def lines(self) -> list[str]:
        """The differences, one per line."""
        found = [difference.summary() for difference in self.differences]
        more = self.differing - len(found)
        return [*found, f"and {more:,} more"] if more else found


class RowsDiffer(Exception):
    """The rebuilt rows differ from the live ones, and this was not accepted. Nothing was changed."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__("\n  ".join((comparison.summary(), *comparison.lines())))
        self.comparison = comparison


class NotAsFolded(Exception):
    """Rebuilt rows differ from a fold of their own events: an error in the rebuild itself."""


@contextmanager
def same_moment(
    view: View, url: str, built: str, reach: Callable[[int], bool]
) -> Iterator[tuple[psycopg.Connection[Any], int, int] | None]:
    """A connection with a snapshot of both sides at one position; the position; the live version.

    The live view is locked only while `reach` brings the copy to its position. None if `reach` returns False.
    """
    name = f"mandate comparison {view.name}"
    with connect(url, name) as holding, connect(url, name) as at:
        for connection in (holding, at):
            connection.execute("SET statement_timeout = 0")
        at.execute("SET idle_in_transaction_session_timeout = 0")
        with at.transaction():
            with holding.transaction():
                held = "SELECT position, version FROM projections.checkpoints WHERE view = %s FOR UPDATE"
                row = holding.execute(held, [view.name]).fetchone()
                position, version = (int(row[0]), int(row[1])) if row else (0, 0)
                reached = reach(position)
                at.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                at.execute(f"SELECT 1 FROM {built}.{view.tables[0].name} LIMIT 1".encode())  # noqa: S608
            yield (at, position, version) if reached else None


def compare(connection: psycopg.Connection[Any], view: View, built: str, position: int, version: int) -> Comparison:
    """Compares every table of the view by digest, and row by row if the digests differ."""
    rows, total, listed = 0, 0, list[RowDifference]()
    statement = "SELECT stream::text FROM projections.parked_streams WHERE view = %s"
    parked = [row[0] for row in connection.execute(statement, [view.name])]
    for table in view.tables:
        new = counted(connection, built, table)
        rows += new[0]
        if counted(connection, LIVE, table) != new:
            total += differing(connection, LIVE, built, table, parked)
            listed += differences(connection, LIVE, built, table, LISTED - len(listed), parked)
    return Comparison(
        view=view.name,
        position=position,
        served_version=version,
        version=view.version,
        rows=rows,
        differing=total,
        differences=tuple(listed),
        sampled=0,
        parked=len(parked),
    )


def check_sample(
    connection: psycopg.Connection[Any],
    view: View,
    built: str,
    replay: LogReplay,
    position: int,
    but: Container[UUID] = (),
) -> int:
    """Folds some subjects from scratch, and checks their rows, stored states and derived rows.

    Returns how many. but: streams to ignore; streams that are too long to fold at once are ignored too.
    Raises NotAsFolded.
    """
    wanted = topics(view.by_stream)
    sampled = list[Folded]()
    for stream in _some(connection, wanted, position):
        if stream in but:
            continue
        events = replay.whole(stream, wanted)
        if not events:
            continue
        folded = fold(view, view.subject(events[0]), None, events, begins(connection, events[0]))
        for table, expected in (*folded.rows.items(), *memories(view, [folded]).items()):
            _check_rows(connection, built, table, expected)
            _check_count(connection, built, table, folded.subject, len(expected))
        sampled.append(folded if view.recount else replace(folded, rows={}))
    for difference in view.recount(connection, built, sampled) if view.recount else ():
        raise NotAsFolded(difference)
    return len(sampled)


def _some(connection: psycopg.Connection[Any], wanted: Sequence[str], position: int) -> list[UUID]:
    """A sample of streams, drawn by random positions; if too few are found so, at random from all streams."""
    places = [randint(1, position) for _ in range(SAMPLED * 2)] if position else []  # noqa: S311
    found = connection.execute(f"{OF_VIEW} AND notification_id = ANY(%s)", [list(wanted), places]).fetchall()
    if len(found) < SAMPLED:
        found = connection.execute(
            f"SELECT * FROM ({OF_VIEW} AND notification_id <= %s) AS streams ORDER BY random() LIMIT %s",  # noqa: S608
            [list(wanted), position, SAMPLED],
        ).fetchall()
    return [row[0] for row in found][:SAMPLED]


def _check_rows(connection: psycopg.Connection[Any], schema: str, table: Table, expected: Sequence[Values]) -> None:
    names = table.c.keys()
    key = [column.name for column in table.primary_key]
    shown = (f"nullif({name}, 'infinity')" if _may_be_endless(table, name) else name for name in names)
    where = " AND ".join(f"{name} = %s" for name in key)
    statement = f"SELECT {', '.join(shown)} FROM {schema}.{table.name} WHERE {where}"  # noqa: S608
    for row in expected:
        values = dict(zip(names, map(_plain, row), strict=True))
        found = connection.execute(statement.encode(), [values[name] for name in key]).fetchone()
        for name, wanted, there in zip_longest(names, values.values(), map(_plain, found or ())):
            if wanted != there:
                place = " ".join(f"{part}={values[part]}" for part in key)
                raise NotAsFolded(f"{table.name} {place}: {name} is {there!r}, and its fold makes {wanted!r}")


def _check_count(connection: psycopg.Connection[Any], schema: str, table: Table, subject: UUID, expected: int) -> None:
    """Checks the number of a subject's rows, in tables keyed by subject."""
    if "id" not in table.primary_key.columns:
        return
    counted = f"SELECT count(*) FROM {schema}.{table.name} WHERE id = %s"  # noqa: S608
    found = connection.execute(counted.encode(), [subject]).fetchone()
    if found != (expected,):
        raise NotAsFolded(
            f"{table.name} id={subject}: there are {found and found[0]} rows, and its fold makes {expected}"
        )


def _may_be_endless(table: Table, name: str) -> bool:
    return name == "valid_until" and isinstance(table.c[name].type, TIMESTAMP)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
