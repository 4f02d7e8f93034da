"""Folding the events of one stream into one row for each version, by the domain's own evolve."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Table

from domain.catalogue import Aggregate
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.marking import EVERYBODY
from domain.recorded import Recorded
from domain.vocabulary import Marking, regions_of
from projections.view import Folded, Update, Values

PRESENT: Final = None
"""The valid_until of a row that stands, which no datetime can say: 'infinity' in the table."""

regions_around: Final = lru_cache(4096)(regions_of)
"""The region itself and every region around it, found once."""

Row = Callable[[Any, Recorded[Any], datetime | None, list[str]], Values]


def fold_versions(aggregate: Aggregate, table: Table, row: Row, state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    """A row for each event, each valid until the next one, with the audience as it is after the last."""
    before = state
    states = []
    for recorded in events:
        state = aggregate.evolve(state, recorded)
        states.append(state)
    audience = audience_of(state)
    ends = [recorded.recorded_at for recorded in events[1:]] + [PRESENT]
    widened = before is not None and audience_of(before) != audience
    subject = events[0].stream
    return Folded(
        subject=subject,
        kind=aggregate.name,
        state=state,
        rows={table: [row(*each, audience) for each in zip(states, events, ends, strict=True)]},
        ends={} if before is None else {table: events[0]},
        updates=[Update(table=table, where={"id": subject}, values={"audience": audience})] if widened else (),
    )


def audience_of(state: Any) -> list[str]:
    """Who may see a subject. What has no marking is CLEAR."""
    return sorted(state.audience) if isinstance(state, DeploymentRequest | Incident) else [EVERYBODY]


def version_columns(recorded: Recorded[Any], until: datetime | None, marking: Marking, audience: list[str]) -> Values:
    """The columns that every table of versions begins with."""
    return (
        recorded.stream,
        recorded.version,
        recorded.position,
        recorded.recorded_at,
        until,
        marking.value,
        audience,
    )
