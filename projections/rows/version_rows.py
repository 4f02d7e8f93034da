"""Folds the events of one stream into one row for each version, by the domain's evolve functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Table

from domain import deputies
from domain.aggregate import Aggregate
from domain.deployment_request.state import DeploymentRequest
from domain.deputies import Deputies
from domain.incident.state import Incident
from domain.mail_subscription.state import MailSubscription
from domain.recorded_event import Recorded
from domain.visibility import EVERYBODY
from domain.vocabulary import Marking, regions_of
from domain.webhook_endpoint.state import WebhookEndpoint
from projections.rows.state_items import item_rows, without_texts
from projections.tables.view import Folded, RowUpdate, Values

PRESENT: Final = None
"""The valid_until of the current row: 'infinity' in the table, which datetime cannot represent."""

regions_around: Final = lru_cache(4096)(regions_of)
"""The region and all regions around it, cached."""

MakeRow = Callable[[Any, Recorded[Any], datetime | None, list[str]], Values]
MakeRows = Callable[[Any, Recorded[Any], datetime | None, list[str]], Iterable[Values]]
NONE: Final[Mapping[Table, MakeRows]] = MappingProxyType({})


def fold_versions(
    aggregate: Aggregate,
    table: Table,
    row: MakeRow,
    state: Any,
    events: Sequence[Recorded[Any]],
    items: Table | None = None,
    beside: Mapping[Table, MakeRows] = NONE,
) -> Folded:
    """A row for each event, valid until the next one, with the audience after the last event.

    Only the last state is kept. items: the table of the state's items. beside: tables with any number of rows for each
    version, as long valid as that.
    """
    before, subject = state, events[0].stream
    audience: list[str] = []
    readers: list[str] = []
    rows, changes = list[Values](), list[Values]()
    others = {each: list[Values]() for each in beside}
    ends = [recorded.recorded_at for recorded in events[1:]] + [PRESENT]
    for recorded, until in zip(events, ends, strict=True):
        after = aggregate.evolve(state, recorded)
        rows.append(row(after, recorded, until, audience))
        if items is not None:
            changes += item_rows(items, subject, recorded, state, after, audience, readers)
        for each, make in beside.items():
            others[each] += make(after, recorded, until, audience)
        state = after
    audience += audience_of(state)  # the rows share these lists
    readers += readers_of(state)
    tables = [table, *beside] if items is None else [table, items, *beside]
    moved = tables if before is not None and audience_of(before) != audience else ()
    updates = [RowUpdate(table=each, where={"id": subject}, values={"audience": audience}) for each in moved]
    if before is not None and items is not None and (was := readers_of(before)) != readers:
        updates.append(RowUpdate(table=items, where={"id": subject, "within": was}, values={"within": readers}))
    if before is not None:
        last = {"id": subject, "version": before.version}
        updates += [RowUpdate(table=each, where=last, values={"valid_until": events[0].recorded_at}) for each in beside]
    return Folded(
        subject=subject,
        kind=aggregate.name,
        state=without_texts(state),
        rows={table: rows, **({} if items is None else {items: changes}), **others},
        ends={} if before is None else {table: events[0]},
        updates=updates,
    )


def audience_of(state: Any) -> list[str]:
    """The audience tokens of a subject. What has no marking is CLEAR."""
    if isinstance(state, Deputies):
        return sorted(deputies.audience(state.authority))
    kinds = DeploymentRequest | Incident | WebhookEndpoint | MailSubscription
    return sorted(state.audience) if isinstance(state, kinds) else [EVERYBODY]


def readers_of(state: Any) -> list[str]:
    """The audience tokens of those who read the deliberations on a request."""
    return sorted(state.deliberations.readers) if isinstance(state, DeploymentRequest) else []


def version_columns(recorded: Recorded[Any], until: datetime | None, marking: Marking, audience: list[str]) -> Values:
    """The columns that every table of version rows begins with."""
    return (
        recorded.stream,
        recorded.version,
        recorded.position,
        recorded.recorded_at,
        until,
        marking.value,
        audience,
    )
