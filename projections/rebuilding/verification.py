"""Whether a view that was built anew is the one that is served: both seen at the same moment, at the same position."""

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
"""Differences that are told one by one; of the others, the number."""
SAMPLED: Final = 25
"""Subjects that are folded from scratch, at most."""
OF_VIEW: Final = "SELECT DISTINCT originator_id FROM event_store.events WHERE topic = ANY(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of it.

    position: of both sides. served_version: of the fold that made the rows that are served. rows: of the new view.
    differing: rows that are not the same; differences: the first of them. sampled: subjects whose new rows are what a
    fold from scratch makes of them. parked: streams whose rows are known to differ, and were left out.
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
        """A raised version is the consent to differ."""
        return self.served_version != self.version

    def told(self) -> str:
        """In a sentence."""
        rows = "row differs" if self.differing == 1 else "rows differ"
        told = [
            f"{self.view}: {self.differing:,} {rows} at position {self.position:,}, of {self.rows:,}",
            f"{self.sampled} subjects folded from scratch",
        ]
        if self.may_differ:
            told.append(f"version {self.version} beside version {self.served_version}, which is served")
        if self.parked:
            told.append(f"{self.parked} parked {'stream was' if self.parked == 1 else 'streams were'} left out")
        return "; ".join(told)

    def lines(self) -> list[str]:
        """The differences, one a line."""
        found = [difference.told() for difference in self.differences]
        more = self.differing - len(found)
        return [*found, f"and {more:,} more"] if more else found


class RowsDiffer(Exception):
    """What was built is not what is served, and nobody consented to that: nothing was changed."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__("\n  ".join((comparison.told(), *comparison.lines())))
        self.comparison = comparison


class NotAsFolded(Exception):
    """Rows that were built are not what a fold of their own events makes: a fault of the building itself."""


@contextmanager
def same_moment(
    view: View, url: str, built: str, reach: Callable[[int], bool]
) -> Iterator[tuple[psycopg.Connection[Any], int, int] | None]:
    """A connection that sees both sides at one position, whatever goes on meanwhile; the position; the served version.

    The served view stands still only while `reach` brings the other one to its position. None where it cannot.
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
    """Every table of the view, by its digest, and where that differs row by row."""
    rows, total, listed = 0, 0, list[RowDifference]()
    asked = "SELECT stream::text FROM projections.parked_streams WHERE view = %s"
    parked = [row[0] for row in connection.execute(asked, [view.name])]
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
    """Folds some subjects from scratch, and looks up their rows, what is remembered of them, and what hangs on them.

    How many it were. but: streams that are not looked at; nor are those that are too long to be folded at once.
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
            _check_that_there_are_no_more(connection, built, table, folded.subject, len(expected))
        sampled.append(folded if view.recount else replace(folded, rows={}))
    for told in view.recount(connection, built, sampled) if view.recount else ():
        raise NotAsFolded(told)
    return len(sampled)


def _some(connection: psycopg.Connection[Any], wanted: Sequence[str], position: int) -> list[UUID]:
    """Drawn by their events; where those are rare among all that are recorded, from all that there are."""
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
        told = dict(zip(names, map(_plain, row), strict=True))
        found = connection.execute(statement.encode(), [told[name] for name in key]).fetchone()
        for name, wanted, there in zip_longest(names, told.values(), map(_plain, found or ())):
            if wanted != there:
                place = " ".join(f"{part}={told[part]}" for part in key)
                raise NotAsFolded(f"{table.name} {place}: {name} is {there!r}, and its fold makes {wanted!r}")


def _check_that_there_are_no_more(
    connection: psycopg.Connection[Any], schema: str, table: Table, subject: UUID, expected: int
) -> None:
    """Where the table's rows are a subject's own."""
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
