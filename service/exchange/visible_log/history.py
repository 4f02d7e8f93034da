"""History of one request or incident: each event and its changes, as one viewer may see them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from projections.rows.audit_entries import entry
from projections.rows.audit_entry import AuditEntry, VisibleEntry
from projections.views.audit_trail import evolve
from service.event_store.store import EventStore
from service.exchange.visible_log.scope import Scope
from service.exchange.visible_log.visibility import Visibility


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One event and its visible part.

    event: complete; show only `shown`. state: the subject after the event. incidents: id -> reference of the visible
    incidents that the event names.
    """

    event: Any
    entry: AuditEntry
    shown: VisibleEntry
    state: Any
    incidents: Mapping[str, str]


def history(store: EventStore, scope: Scope, visibility: Visibility) -> Iterator[HistoryStep]:
    """History of the scope's subject, oldest first. Events that record hidden evidence are left out.

    Raises ValueError if the scope has no subject.
    """
    subject = scope.subject
    if subject is None:
        raise ValueError("a history is about one subject")
    stream = visibility.of((subject,))[subject]
    state: Any = None
    for recorded in chain.from_iterable(store.pages([(subject, 0)])):
        if recorded.position > scope.end:
            return
        before, state = state, evolve(state, recorded)
        if stream.shows(recorded.event, visibility.viewer):
            audit_entry = entry(before, recorded, state, internal=stream.deliberations is None)
            shown, incidents = visibility.part(audit_entry, stream, visibility.of(audit_entry.mentions))
            named = {str(each): reference for each, reference in incidents.items()}
            yield HistoryStep(recorded.event, audit_entry, shown, stream.disclosed(state), named)
