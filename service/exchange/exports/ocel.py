"""OCEL 2.0 (object-centric event log): requests, incidents, authorities, persons, and the events that relate to them.

Shared by the JSON and the SQLite form: types with their attributes, and the values of events and objects.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, Final

from domain import authority
from domain.catalogue import AGGREGATE_OF, AUTHORITY, DEPLOYMENT_REQUEST, EVENTS, INCIDENT, VOIDED
from domain.deployment_request.state import DeploymentRequest
from domain.incident.events import EvidenceRecorded
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.visibility import person, recipient
from domain.vocabulary import Actor, AuthorityCode, Subject, Text, iso_time
from projections.rows.plain_values import plain
from service.exchange.exports.columns import COLUMNS, Column, ColumnType, flat
from service.exchange.visible_log.visible_events import INTERNAL_AGGREGATES, VisibleEvent

PERSON: Final = "Person"
BEGINNING: Final = "1970-01-01T00:00:00.000000Z"
"""Time of an object's first values, by the convention of OCEL 2.0."""

CIRCUMSTANCES: Final = (
    Column("position", ColumnType.INTEGER),
    Column("version", ColumnType.INTEGER),
    Column("recordedAt", ColumnType.TIME),
    Column("correlationId", ColumnType.STRING),
    Column("causationId", ColumnType.INTEGER),
    Column("redactions", ColumnType.STRING),
)
EVENT_TYPES: Final[Mapping[str, tuple[Column, ...]]] = {
    name: (*CIRCUMSTANCES, *COLUMNS[name])
    for name, event in (*EVENTS.items(), *VOIDED.items())
    if AGGREGATE_OF[event] not in INTERNAL_AGGREGATES
}

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectAttribute:
    """An attribute of an object. read: reads it from the state."""

    name: str
    kind: ColumnType
    read: Callable[[Any], Any]

    @property
    def column(self) -> Column:
        return Column(self.name, self.kind)


@dataclass(frozen=True, slots=True)
class RelatedObject:
    """An object that an event relates to. attributes: those that follow from the relation itself."""

    id: str
    type: str
    qualifier: str
    attributes: Values | None = None


@dataclass(frozen=True, slots=True)
class ObjectHistory:
    """The values of an object over time.

    first: initial values. changes: (time, attribute, value). links: (object id, qualifier). begins: time of `first`.
    An attribute has at most one value at an instant.
    """

    first: Values
    changes: list[tuple[str, str, Any]]
    links: list[tuple[str, str]]
    begins: str = BEGINNING


def values_of(event: VisibleEvent) -> Values:
    """Attribute values of an event."""
    values: Values = {
        "position": event.position,
        "version": event.version,
        "recordedAt": iso_time(event.recorded_at),
        "correlationId": str(event.correlation),
    }
    if event.causation is not None:
        values["causationId"] = event.causation
    if event.redactions:
        values["redactions"] = " ".join(event.redactions)
    return {**values, **{column.name: value for column, value in flat(event.type, event.payload)}}


def related(event: VisibleEvent) -> Iterator[RelatedObject]:
    """The objects that an event relates to, its subject first."""
    own = _authority(AuthorityCode(event.name), "subject") if event.kind == AUTHORITY.name else None
    yield own or RelatedObject(str(event.subject), event.kind, "subject")
    if event.actor.is_named:
        yield _person(event.actor.issuer, event.actor.subject, "actor")
    if event.actor.on_behalf_of is not None:
        yield _person(*event.actor.on_behalf_of, "on behalf of")
    yield _authority(event.actor.authority, "acting for")
    for incident in event.incidents:
        yield RelatedObject(str(incident), INCIDENT.name, "names")
    for field, qualifier in _AUTHORITIES.items():
        if event.kind != AUTHORITY.name and field in event.payload:
            yield _authority(AuthorityCode(event.payload[field]), qualifier)
    for subject in event.payload.get("recipients", ()):
        yield _person(*recipient(Subject(subject), event.actor.issuer), "recipient")


def acts_for(actor: Actor) -> tuple[str, str] | None:
    """(person id, authority id) of an actor; None for the register, and for an undisclosed person."""
    if not actor.is_named:
        return None
    return person(actor.issuer, actor.subject), str(authority.stream_of(actor.authority))


def object_history(history: Iterable[Recorded[Any]]) -> ObjectHistory:
    """An object from the events of its stream. An attribute that is removed becomes an empty string.

    If an attribute has several values at one instant, the last one counts.
    """
    begins = BEGINNING
    first: Values = {}
    changes: dict[tuple[str, str], Any] = {}
    state: Any = None
    before: Values = {}
    for recorded in history:
        aggregate = AGGREGATE_OF[type(recorded.event)]
        opening, state = state is None, aggregate.evolve(state, recorded)
        after = {attribute.name: plain(attribute.read(state)) for attribute in OBJECTS[aggregate.name]}
        at = iso_time(recorded.happened_at)
        if opening:
            begins = min(BEGINNING, at)
            first = {name: value for name, value in after.items() if value is not None}
        for name, value in after.items() if not opening else ():
            if value == before[name]:
                continue
            if at == begins:
                first[name] = value
            else:
                changes[at, name] = value
        before = after
    changed = [(at, name, "" if value is None else value) for (at, name), value in changes.items()]
    return ObjectHistory(
        {name: value for name, value in first.items() if value is not None}, changed, list(_links(state)), begins
    )


def without_evidence(recorded: Recorded[Any]) -> Recorded[Any]:
    """The event without the text of evidence, which no object attribute uses, to save memory."""
    if isinstance(recorded.event, EvidenceRecorded):
        return replace(recorded, event=replace(recorded.event, summary=Text("")))
    return recorded


def _links(state: Any) -> Iterator[tuple[str, str]]:
    match state:
        case DeploymentRequest():
            yield _id_of(state.requesting_authority), "requested by"
            yield _id_of(state.deciding_authority), "decided by"
            yield person(state.submitted_by.issuer, state.submitted_by.subject), "submitted by"
            yield from ((str(incident), "rests on") for incident in state.incidents)
            yield from ((person(*recipient(each, state.submitted_by.issuer)), "is for") for each in state.recipients)
        case Incident():
            yield _id_of(state.reported_by.authority), "reported for"
            yield person(state.reported_by.issuer, state.reported_by.subject), "reported by"
            yield from ((_id_of(code), "referred to") for code in state.referred_to)
            yield from ((person(*recipient(each, state.reported_by.issuer)), "is for") for each in state.recipients)
        case _:
            pass


def _id_of(code: AuthorityCode) -> str:
    return str(authority.stream_of(code))


def _authority(code: AuthorityCode, qualifier: str) -> RelatedObject:
    return RelatedObject(_id_of(code), AUTHORITY.name, qualifier, {"code": code})


def _person(issuer: str, subject: Subject, qualifier: str) -> RelatedObject:
    return RelatedObject(person(issuer, subject), PERSON, qualifier, {"issuer": issuer, "subject": subject})


_AUTHORITIES: Final = {
    "requestingAuthority": "requesting authority",
    "decidingAuthority": "deciding authority",
    "authority": "referred to",
}
"""Field that names an authority -> qualifier of the relation."""


def _attributes(*specs: tuple[str, ColumnType, str]) -> tuple[ObjectAttribute, ...]:
    return tuple(ObjectAttribute(name, kind, _path_reader(path)) for name, kind, path in specs)


def _path_reader(path: str) -> Callable[[Any], Any]:
    """A reader of a dotted attribute path; None if any part is None."""

    def read(state: Any) -> Any:
        for name in path.split("."):
            if state is None:
                return None
            state = attrgetter(name)(state)
        return state

    return read


OBJECTS: Final[Mapping[str, tuple[ObjectAttribute, ...]]] = {
    DEPLOYMENT_REQUEST.name: _attributes(
        ("reference", ColumnType.STRING, "reference"),
        ("status", ColumnType.STRING, "status"),
        ("revision", ColumnType.INTEGER, "revision"),
        ("force", ColumnType.STRING, "force"),
        ("strength", ColumnType.INTEGER, "strength"),
        ("region", ColumnType.STRING, "region"),
        ("purpose", ColumnType.STRING, "purpose"),
        ("periodStart", ColumnType.TIME, "period.start"),
        ("periodEnd", ColumnType.TIME, "period.end"),
        ("marking", ColumnType.STRING, "marking"),
        ("endorsementsRequired", ColumnType.INTEGER, "endorsements_required"),
        ("outcome", ColumnType.STRING, "decision.outcome"),
        ("standing", ColumnType.STRING, "decision.standing"),
        ("grantedStrength", ColumnType.INTEGER, "decision.granted_strength"),
        ("grantedPeriodStart", ColumnType.TIME, "decision.granted_period.start"),
        ("grantedPeriodEnd", ColumnType.TIME, "decision.granted_period.end"),
        ("validUntil", ColumnType.TIME, "decision.valid_until"),
    ),
    INCIDENT.name: _attributes(
        ("reference", ColumnType.STRING, "reference"),
        ("kind", ColumnType.STRING, "kind"),
        ("description", ColumnType.STRING, "description"),
        ("region", ColumnType.STRING, "region"),
        ("latitude", ColumnType.FLOAT, "location.latitude"),
        ("longitude", ColumnType.FLOAT, "location.longitude"),
        ("occurredAt", ColumnType.TIME, "occurred_at"),
        ("marking", ColumnType.STRING, "marking"),
        ("attributionStatus", ColumnType.STRING, "status"),
        ("responsibleParty", ColumnType.STRING, "attribution.responsible_party"),
        ("likelihood", ColumnType.STRING, "attribution.likelihood"),
        ("confidence", ColumnType.STRING, "attribution.confidence"),
    ),
    AUTHORITY.name: _attributes(("code", ColumnType.STRING, "code"), ("name", ColumnType.STRING, "name")),
    PERSON: _attributes(("issuer", ColumnType.STRING, "issuer"), ("subject", ColumnType.STRING, "subject")),
}
OBJECT_TYPES: Final[Mapping[str, tuple[Column, ...]]] = {
    name: tuple(attribute.column for attribute in attributes) for name, attributes in OBJECTS.items()
}
