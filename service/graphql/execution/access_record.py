"""Records what an answer discloses, before it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID

from graphql import OperationType

from domain.vocabulary import SYSTEM
from projections.views import audit_trail_queries
from service.event_store.access_log import SENSITIVE, Access, AccessKind, Disclosure

if TYPE_CHECKING:
    from service.graphql.schema.context import Context

KINDS: Final[Mapping[OperationType, AccessKind]] = {
    OperationType.QUERY: "query",
    OperationType.MUTATION: "mutation",
    OperationType.SUBSCRIPTION: "subscription",
}


class Disclosures:
    """The sensitive subjects that an answer shows, collected as its objects are completed."""

    def __init__(self) -> None:
        self._found: dict[UUID, Disclosure] = {}

    def note(self, shown: Disclosure | None) -> None:
        """None: nothing sensitive is shown."""
        if shown is None:
            return
        known = self._found.get(shown.subject)
        if known is None or (known.author is None and shown.author is not None):
            self._found[shown.subject] = shown

    def taken(self) -> Sequence[Disclosure]:
        """What was noted since the last time."""
        found = list(self._found.values())
        self._found.clear()
        return found


async def record_disclosures(context: "Context", kind: OperationType, document: str) -> None:
    """Records the sensitive subjects in the answer; nothing if there are none. document: its sha256 id.

    Raises Unavailable, ViewBehind or DatabaseUnavailable: the answer must not be sent then.
    """
    found = context.disclosures.taken()
    if found:
        known = await _completed(found, context)
        sensitive = [each for each in known if each.marking is None or each.marking in SENSITIVE]
        if sensitive:
            access = Access(reader=context.actor, what=KINDS[kind], disclosures=sensitive, document=document)
            await context.services.record_access(access)


async def _completed(found: Sequence[Disclosure], context: "Context") -> list[Disclosure]:
    """With the author, where the answer shows events alone, and the marking in force, where it shows an earlier state.

    Both are in the entry of the subject's first event.
    """
    incomplete = [each.subject for each in found if each.author is None or each.marking is None]
    if not incomplete:
        return list(found)
    reading = await context.services.reader.reading(SYSTEM)
    opening = await reading.rows(audit_trail_queries.histories(reading.viewer_scope, incomplete, 1))
    entries = {entry.subject: entry for entry in opening}
    return [
        replace(each, author=each.author or entry.actor, marking=each.marking or entry.marking)
        if (entry := entries.get(each.subject))
        else each
        for each in found
    ]
