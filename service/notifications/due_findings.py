"""The findings that holds await by now, each with the authority that investigates the place: for `reminders`.

Who that is follows from the mandates of the moment, so it is in no row of the view.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.vocabulary import AuthorityCode, Region, regions_of
from projections.reading.statements import DIALECT
from projections.views import authorities

LACKING: Final = """
    FROM projections.awaited_findings f JOIN projections.incidents i ON i.id = f.incident
    WHERE f.valid_until = 'infinity'::timestamptz AND i.valid_until = 'infinity'::timestamptz AND i.takes_findings
        AND (coalesce(i.found_likelihood, -1) < f.likelihood OR coalesce(i.found_confidence, -1) < f.confidence)
"""
"""As in the inbox: by `is_lacking` and `takes_findings`."""
FOUND: Final = f"""
    SELECT DISTINCT f.incident, f.due_at, i.regions[1], clock_timestamp()
    {LACKING} AND f.due_at <= clock_timestamp() + %(longest)s
"""
STILL_LACKING: Final = f"SELECT {LACKING} AND f.incident = %(subject)s AND f.due_at = %(at)s"
_JURISDICTIONS: Final = authorities.every_jurisdiction()
_COMPILED: Final = _JURISDICTIONS.statement.compile(dialect=DIALECT)


@dataclass(frozen=True, slots=True)
class AwaitedFinding:
    """authority: whose investigators are to find."""

    incident: UUID
    due_at: datetime
    authority: AuthorityCode


def awaited_findings(connection: psycopg.Connection[Any], longest: timedelta) -> Sequence[AwaitedFinding]:
    """Those that are due within this time, or were. Without a mandate over the place, nobody is to find."""
    found = connection.execute(FOUND.encode(), {"longest": longest}).fetchall()
    if not found:
        return ()
    values = {**_COMPILED.params, **_JURISDICTIONS.values}
    rows = connection.execute(str(_COMPILED).encode(), values)
    known = [_JURISDICTIONS.read(row) for row in rows]
    places = {Region(place) for _, _, place, _ in found}
    around = {outer for place in places for outer in regions_of(place)}
    now = max(then for *_, then in found)
    deciding = authorities.deciding(places, [each for each in known if each.region in around], now)
    return [
        AwaitedFinding(incident, due_at, deciding[Region(place)].authority)
        for incident, due_at, place, _ in found
        if place in deciding
    ]
