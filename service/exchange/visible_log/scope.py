"""The scope of an export: viewer, subject and last position, fixed before the first event is read."""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from uuid import UUID

from domain.aggregate import Aggregate
from domain.catalogue import DEPLOYMENT_REQUEST
from domain.vocabulary import Actor, iso_time
from service.event_store.store import EventStore
from service.exchange.visible_log.references import find
from service.exchange.visible_log.refused import ExportRefused, unseen
from service.exchange.visible_log.visibility import Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Everything that the viewer may see, or one subject, after one position and up to another.

    actor: the viewer; SYSTEM for the operator, who sees everything. subject: the stream, if limited to one.
    after: lists of events begin after this position. end: last position of the output.
    present: last position used to judge visibility. present_at: when its event was recorded, None if there is none.
    now: time of the call. as_of: the requested past instant, if any.
    """

    actor: Actor
    end: int
    present: int
    now: datetime
    present_at: datetime | None = None
    as_of: datetime | None = None
    subject: UUID | None = None
    after: int = 0

    @property
    def effective_time(self) -> datetime:
        """The instant that the output describes: `as_of`, or `now`."""
        return self.as_of or self.now


def scope_of(store: EventStore, actor: Actor, now: datetime, as_of: datetime | None = None) -> Scope:
    """A scope without a subject, up to an instant.

    Raises ExportRefused if the instant is later than both the database's clock and the last event.
    """
    present, present_at = store.head()
    if as_of is None:
        return Scope(actor=actor, end=present, present=present, present_at=present_at, now=now)
    if (end := store.position_as_of(as_of)) is None:
        raise ExportRefused(f"{iso_time(as_of)} lies ahead: only the past of the register is known")
    present = max(present, end)
    return Scope(actor=actor, end=end, present=present, present_at=present_at, now=now, as_of=as_of)


def called(
    store: EventStore,
    visibility: Visibility,
    reference: str,
    end: int,
    kinds: tuple[Aggregate, ...] = (DEPLOYMENT_REQUEST,),
) -> UUID:
    """The stream with this reference. Raises ExportRefused if it did not exist at `end` or is not visible."""
    stream = find(store, reference)
    seen = visibility.of((stream,)).get(stream) if stream is not None else None
    if stream is None or seen is None or not seen.visible or seen.opened_at > end or seen.aggregate not in kinds:
        raise unseen(reference, [kind.name for kind in kinds], by_then=end != visibility.present)
    return stream


def happened_by(store: EventStore, subject: UUID, instant: datetime) -> int:
    """The position of the last event before the first one that happened after the instant; 0 if there is none."""
    end = 0
    for recorded in chain.from_iterable(store.pages([(subject, 0)])):
        if recorded.happened_at > instant:
            break
        end = recorded.position
    return end
