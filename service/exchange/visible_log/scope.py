"""What is told, to whom and as of when: settled once, before the first event is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.catalogue import DEPLOYMENT_REQUEST, Aggregate
from domain.vocabulary import SYSTEM, Actor, joined
from projections.api_terms import instant
from service.event_store.store import EventStore
from service.exchange.visible_log.references import find
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.visibility import Visibility
from service.identity import Tokens, Unauthenticated


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Everything that the viewer may see, or one subject of it, up to a position.

    actor: who is told; the register itself for the operator's whole view. subject: the stream of the one.
    end: the last position that is told. present: the last one by which it is judged who may see what.
    now: when it was asked for. as_of: the instant whose past is told.
    """

    actor: Actor
    end: int
    present: int
    now: datetime
    as_of: datetime | None = None
    subject: UUID | None = None

    @property
    def told_as_of(self) -> datetime:
        """The instant at which what is told was so."""
        return self.as_of or self.now


def bearer(tokens: Tokens, token: str | None, now: datetime) -> Actor:
    """Who bears the token; the register itself where there is none. Raises Refused."""
    if token is None:
        return SYSTEM
    try:
        return tokens.read(token, now).actor
    except Unauthenticated as refusal:
        raise ExportRefused(str(refusal)) from None


def scope_of(store: EventStore, actor: Actor, now: datetime, as_of: datetime | None = None) -> Scope:
    """Everything, up to an instant. Raises Refused where that lies after the database's clock and the last event."""
    present = store.head()[0]
    if as_of is None:
        return Scope(actor=actor, end=present, present=present, now=now)
    if (end := store.position_as_of(as_of)) is None:
        raise ExportRefused(f"{instant(as_of)} lies ahead: nobody can say what the register will say then")
    return Scope(actor=actor, end=end, present=max(present, end), now=now, as_of=as_of)


def called(
    store: EventStore,
    visibility: Visibility,
    reference: str,
    end: int,
    kinds: tuple[Aggregate, ...] = (DEPLOYMENT_REQUEST,),
) -> UUID:
    """The stream with this reference. Raises Refused where there was none yet, or none that the viewer may see."""
    stream = find(store, reference)
    seen = visibility.of((stream,)).get(stream) if stream is not None else None
    if stream is None or seen is None or not seen.visible or seen.opened_at > end or seen.aggregate not in kinds:
        kind = joined([_SPOKEN[each.name] for each in kinds])
        raise ExportRefused(
            f"there is no {kind} '{reference}'{'' if end == visibility.present else ' by then'} that may be seen"
        )
    return stream


_SPOKEN: Final = {"DeploymentRequest": "deployment request", "Incident": "incident"}
