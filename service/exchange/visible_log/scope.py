"""The scope of an export: viewer, subject and last position, fixed before the first event is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.catalogue import DEPLOYMENT_REQUEST, Aggregate
from domain.vocabulary import SYSTEM, Actor, iso_time, joined
from service.event_store.store import EventStore
from service.exchange.visible_log.references import find
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.visibility import Visibility
from service.identity import Tokens, Unauthenticated


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Everything that the viewer may see, or one subject, up to a position.

    actor: the viewer; SYSTEM for the operator, who sees everything. subject: the stream, if limited to one.
    end: last position of the output. present: last position used to judge visibility.
    now: time of the call. as_of: the requested past instant, if any.
    """

    actor: Actor
    end: int
    present: int
    now: datetime
    as_of: datetime | None = None
    subject: UUID | None = None

    @property
    def effective_time(self) -> datetime:
        """The instant that the output describes: `as_of`, or `now`."""
        return self.as_of or self.now


def bearer(tokens: Tokens, token: str | None, now: datetime) -> Actor:
    """The bearer of the token; SYSTEM without a token. Raises ExportRefused."""
    if token is None:
        return SYSTEM
    try:
        return tokens.read(token, now).actor
    except Unauthenticated as refusal:
        raise ExportRefused(str(refusal)) from None


def scope_of(store: EventStore, actor: Actor, now: datetime, as_of: datetime | None = None) -> Scope:
    """A scope without a subject, up to an instant.

    Raises ExportRefused if the instant is later than both the database's clock and the last event.
    """
    present = store.head()[0]
    if as_of is None:
        return Scope(actor=actor, end=present, present=present, now=now)
    if (end := store.position_as_of(as_of)) is None:
        raise ExportRefused(f"{iso_time(as_of)} lies ahead: only the past of the register is known")
    return Scope(actor=actor, end=end, present=max(present, end), now=now, as_of=as_of)


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
        kind = joined([_SPOKEN[each.name] for each in kinds])
        raise ExportRefused(
            f"there is no {kind} '{reference}'{'' if end == visibility.present else ' by then'} that may be seen"
        )
    return stream


_SPOKEN: Final = {"DeploymentRequest": "deployment request", "Incident": "incident"}
