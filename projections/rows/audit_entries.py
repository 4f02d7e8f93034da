"""Entries of the audit trail, and the parts of an entry that a viewer may see."""

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain
from typing import Any, Final
from uuid import UUID

from domain import authority, markings
from domain.blocked_persons import PersonBlocked, PersonUnblocked
from domain.catalogue import (
    AGGREGATE_OF,
    AUTHORITY,
    BLOCKED_PERSONS,
    DEPUTIES,
    JURISDICTION,
    MAIL_SUBSCRIPTION,
    REGION_PARTS,
    WEBHOOK_ENDPOINT,
    own_audience,
)
from domain.deployment_request.events import Ground
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import ACTOR, concealed, disclosed, internal_parts
from domain.deputies import DeputyAppointed, DeputyEnded
from domain.incident.events import (
    EvidenceRecorded,
    EvidenceRegraded,
    EvidenceWithdrawn,
    IncidentReported,
)
from domain.incident.state import Incident
from domain.jurisdiction import MandateEnded, MandateGranted
from domain.mail_subscription import events as mail_events
from domain.recorded_event import Recorded
from domain.region import RegionRegistered
from domain.vocabulary import Marking
from domain.webhook_endpoint import events as webhook_events
from projections.rows.api_terms import MandateHolder, payload, spelled_path
from projections.rows.audit_entry import AuditEntry, VisibleEntry
from projections.rows.changes import changes
from projections.rows.value_changes import Change
from projections.tables.row_documents import encode

Administering = PersonBlocked | PersonUnblocked | RegionRegistered | DeputyAppointed | DeputyEnded
ByAuthority = Administering | webhook_events.Event | mail_events.Event
"""Events that change no request, incident or authority: they belong to the authority that they name."""
BY_AUTHORITY: Final = (BLOCKED_PERSONS, DEPUTIES, REGION_PARTS, WEBHOOK_ENDPOINT, MAIL_SUBSCRIPTION)
"""Their aggregates."""


def subject_of(recorded: Recorded[Any]) -> UUID:
    """The subject of an event: its stream; the authority that holds a mandate, or whose actor did it."""
    if isinstance(recorded.event, MandateGranted | MandateEnded | ByAuthority):
        return authority.stream_of(recorded.event.authority)
    return recorded.stream


def kind_of(recorded: Recorded[Any]) -> str:
    aggregate = AGGREGATE_OF[type(recorded.event)]
    return AUTHORITY.name if aggregate in (JURISDICTION, *BY_AUTHORITY) else aggregate.name


def evolve(state: Any, recorded: Recorded[Any]) -> Any:
    """A subject after one more event. An authority includes its mandates over all regions."""
    aggregate = AGGREGATE_OF[type(recorded.event)]
    if aggregate in BY_AUTHORITY:
        return state or MandateHolder(code=recorded.event.authority)
    if aggregate not in (AUTHORITY, JURISDICTION):
        return aggregate.evolve(state, recorded)
    if aggregate is AUTHORITY:
        holder = state or MandateHolder(code=recorded.event.code)
        return replace(holder, authority=aggregate.evolve(holder.authority, recorded))
    holder = state or MandateHolder(code=recorded.event.authority)
    before = next((each for each in holder.jurisdictions if each.id == recorded.stream), None)
    after = aggregate.evolve(before, recorded)
    if before is None:
        return replace(holder, jurisdictions=(*holder.jurisdictions, after))
    return replace(holder, jurisdictions=tuple(after if each is before else each for each in holder.jurisdictions))


def introduces(recorded: Recorded[Any]) -> UUID | None:
    """The incident that the event creates, or the piece of evidence that it is about: whoever may see the event may
    see it."""
    match recorded.event:
        case IncidentReported():
            return recorded.stream
        case EvidenceRecorded() | EvidenceRegraded() | EvidenceWithdrawn() as event:
            return event.evidence
        case _:
            return None


def entry(before: Any, recorded: Recorded[Any], after: Any, *, internal: bool = True) -> AuditEntry:
    """The entry of an event, made from its subject's state before and after it.

    internal: with what is internal to the deciding authority of a request, for those who may read that.
    before and after: a DeploymentRequest, an Incident, or a MandateHolder for an authority's events. before is None if
    the subject did not exist.
    """
    withheld: tuple[str, ...] = ()
    if not internal and isinstance(after, DeploymentRequest):
        withheld = internal_parts(after.deliberations, recorded.event, recorded.actor)
        before, after = before and disclosed(before), disclosed(after)
    data = payload_without(withheld, recorded.event)
    differing = changes(before, after)
    mentions = _mentioned((data, differing), _named_by(recorded.event), _candidates(before), _candidates(after))
    return entry_of(
        recorded,
        tuple(each for each in mentions if each != introduces(recorded)),
        data,
        differing,
        withheld,
        marking_of(recorded.event, after),
    )


def marking_of(event: object, state: object) -> Marking:
    """The marking of an event of a subject in a state."""
    match event:
        case EvidenceRecorded():
            assert isinstance(state, Incident)
            return state.marking_of(event)
        case EvidenceRegraded() | EvidenceWithdrawn():
            assert isinstance(state, Incident)
            return state.marking_of(state.piece(event.evidence))
        case _:
            return markings.of_state(state) if own_audience(event) is None else Marking.AMBER


def payload_without(withheld: tuple[str, ...], event: object) -> dict[str, Any]:
    return {name: value for name, value in payload(event).items() if name not in withheld}


def entry_of(
    recorded: Recorded[Any],
    mentions: tuple[UUID, ...],
    data: Mapping[str, Any],
    differing: tuple[Change, ...],
    withheld: tuple[str, ...],
    marking: Marking | None = None,
) -> AuditEntry:
    """An entry with these mentions, payload and changes, without these parts."""
    return AuditEntry(
        position=recorded.position,
        subject=subject_of(recorded),
        kind=kind_of(recorded),
        version=recorded.version,
        type=type(recorded.event).__name__,
        recorded_at=recorded.recorded_at,
        occurred_at=recorded.occurred_at,
        actor=concealed(recorded.actor) if ACTOR in withheld else recorded.actor,
        correlation=recorded.correlation,
        causation=recorded.causation,
        mentions=mentions,
        payload=data,
        changes=differing,
        erased=tuple(spelled_path(path) for path in recorded.erased if path not in withheld),
        withheld=withheld,
        marking=marking,
        introduces=introduces(recorded),
    )


def difference(before: Any, after: Any) -> tuple[tuple[Change, ...], tuple[UUID, ...]]:
    """The changes between two states of one subject, and the incidents and pieces of evidence that they name.

    The changes are complete: return them only through `visible_changes`.
    """
    differing = changes(before, after)
    return differing, _mentioned(differing, _candidates(before), _candidates(after))


def visible_changes(found: tuple[Change, ...], mentions: Iterable[UUID], seen: AbstractSet[UUID]) -> tuple[Change, ...]:
    """The changes that a viewer may see. seen: the mentions that they may see."""
    hidden = frozenset(str(mention) for mention in mentions if mention not in seen)
    return tuple(_visible_changes(found, hidden)) if hidden else found


def visible_to(entry: AuditEntry, seen: AbstractSet[UUID]) -> VisibleEntry:
    """What a viewer may see of an entry. seen: the mentions that they may see."""
    hidden = frozenset(str(mention) for mention in entry.mentions if mention not in seen)
    redactions = [*entry.erased, *entry.withheld]
    data = dict(entry.payload)
    if hidden:
        data = _without(data, hidden, "", redactions)
    return VisibleEntry(
        reason=data.get("reason"),
        payload=data,
        changes=visible_changes(entry.changes, entry.mentions, seen),
        redactions=tuple(dict.fromkeys(redactions)),
    )


def _visible_changes(found: Iterable[Change], hidden: frozenset[str]) -> Iterator[Change]:
    for change in found:
        before, after = (_visible(value, hidden) for value in (change.before, change.after))
        if before != after:
            yield Change(change.path, before, after)


def _visible(value: Any, hidden: frozenset[str]) -> Any:
    return None if _is_of(value, hidden) else _without(value, hidden, "", [])


def _without(value: Any, hidden: frozenset[str], path: str, redactions: list[str]) -> Any:
    """The value without list items that are about something hidden."""
    if isinstance(value, dict):
        return {name: _without(each, hidden, f"{path}{name}.", redactions) for name, each in value.items()}
    if not isinstance(value, list):
        return value
    kept = []
    for index, item in enumerate(value):
        if _is_of(item, hidden):
            redactions.append(f"{path}{index}")
        else:
            kept.append(_without(item, hidden, f"{path}{index}.", redactions))
    return kept


ID: Final = re.compile(r'"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')
"""A string in a document that is an id."""
_NAMING: Final = ("id", "incident")


def _is_of(value: Any, hidden: frozenset[str]) -> bool:
    """Whether a value is, or refers to, a hidden incident or piece of evidence."""
    if isinstance(value, dict):
        return any(value.get(name) in hidden for name in _NAMING)
    return isinstance(value, str) and value in hidden


def _named_by(event: object) -> Iterator[UUID]:
    """The incidents and pieces of evidence that an event names."""
    for name in ("incidents", "awaiting", "evidence", "grounds"):
        named = getattr(event, name, None)
        if isinstance(named, tuple):
            yield from (each.incident if isinstance(each, Ground) else each for each in named)


def _mentioned(content: object, *named: Iterable[UUID]) -> tuple[UUID, ...]:
    """The named incidents and pieces of evidence whose id is a value of its own in the content."""
    candidates = set(chain(*named))
    return tuple(sorted(candidates.intersection(map(UUID, ID.findall(encode(content)))))) if candidates else ()


def _candidates(state: Any) -> Iterator[UUID]:
    """The incidents that a request names, or the pieces of evidence of an incident."""
    if isinstance(state, Incident):
        yield from (piece.id for piece in state.evidence)
    if isinstance(state, DeploymentRequest):
        yield from state.incidents
        if state.hold is not None:
            yield from state.hold.awaiting
        if state.decision is not None:
            yield from (ground.incident for ground in state.decision.rests_on + state.decision.grounds)
