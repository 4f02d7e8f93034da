"""The lists of all aggregates, events, upcasters and policies."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from domain import (
    authority,
    blocked_persons,
    deputies,
    deputy_appointment,
    idempotency_key,
    jurisdiction,
    number_series,
    region,
    voided_events,
)
from domain.aggregate import Aggregate
from domain.authority import Authority
from domain.blocked_persons import BlockedPersons
from domain.deployment_request import events as request_events
from domain.deployment_request import lifecycle as request_lifecycle
from domain.deployment_request.evolution import evolve as evolve_request
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.upcasters import UPCASTERS as REQUEST_UPCASTERS
from domain.deployment_request.visibility import is_visible as is_request_visible
from domain.deputies import Deputies
from domain.idempotency_key import Claim
from domain.incident import events as incident_events
from domain.incident import lifecycle as incident_lifecycle
from domain.incident.evolution import evolve as evolve_incident
from domain.incident.state import Incident
from domain.incident.upcasters import UPCASTERS as INCIDENT_UPCASTERS
from domain.incident.visibility import is_visible as is_incident_visible
from domain.jurisdiction import Jurisdiction
from domain.mail_subscription import events as mail_events
from domain.mail_subscription import lifecycle as mail_lifecycle
from domain.mail_subscription.state import MailSubscription
from domain.mail_subscription.state import evolve as evolve_subscription
from domain.number_series import Numbering
from domain.policies.approvals import EXPIRE_APPROVAL, QUESTION_APPROVAL
from domain.policies.findings import QUESTION_FINDING
from domain.policies.holds import RELEASE_HOLD, WITHHOLD_AGAIN
from domain.policies.successions import NAME_SUCCESSOR
from domain.recorded_event import Recorded, Upcasters
from domain.region import RegionParts
from domain.visibility import of_authority
from domain.voided_events import EventVoided, Unbegun, passing_voided
from domain.webhook_endpoint import events as webhook_events
from domain.webhook_endpoint import lifecycle as webhook_lifecycle
from domain.webhook_endpoint.state import WebhookEndpoint
from domain.webhook_endpoint.state import evolve as evolve_endpoint

Command = (
    request_lifecycle.Command
    | incident_lifecycle.Command
    | authority.Command
    | jurisdiction.Command
    | blocked_persons.Command
    | deputy_appointment.Command
    | region.Command
    | webhook_lifecycle.Command
    | mail_lifecycle.Command
)
Event = (
    request_events.Event
    | incident_events.Event
    | authority.Event
    | jurisdiction.Event
    | blocked_persons.Event
    | deputies.Event
    | region.Event
    | webhook_events.Event
    | mail_events.Event
    | number_series.Event
    | idempotency_key.Event
    | EventVoided
)
State = (
    DeploymentRequest
    | Incident
    | Authority
    | Jurisdiction
    | BlockedPersons
    | Deputies
    | RegionParts
    | WebhookEndpoint
    | MailSubscription
    | Numbering
    | Claim
    | Unbegun
)
"""The state of a stream that has events."""


DEPLOYMENT_REQUEST: Final = Aggregate(
    name="DeploymentRequest",
    state=DeploymentRequest,
    event=request_events.Event,
    evolve=passing_voided(evolve_request),
    voided=voided_events.RequestEventVoided,
    is_visible=is_request_visible,
    openings=request_lifecycle.OPENINGS,
    steps=request_lifecycle.STEPS,
    upcasters=REQUEST_UPCASTERS,
)
INCIDENT: Final = Aggregate(
    name="Incident",
    state=Incident,
    event=incident_events.Event,
    evolve=passing_voided(evolve_incident),
    voided=voided_events.IncidentEventVoided,
    is_visible=is_incident_visible,
    openings=incident_lifecycle.OPENINGS,
    steps=incident_lifecycle.STEPS,
    upcasters=INCIDENT_UPCASTERS,
)
AUTHORITY: Final = Aggregate(
    name="Authority",
    state=Authority,
    event=authority.Event,
    evolve=passing_voided(authority.evolve),
    voided=voided_events.AuthorityEventVoided,
    openings=authority.OPENINGS,
)
JURISDICTION: Final = Aggregate(
    name="Jurisdiction",
    state=Jurisdiction,
    event=jurisdiction.Event,
    evolve=passing_voided(jurisdiction.evolve),
    voided=voided_events.JurisdictionEventVoided,
    openings=jurisdiction.OPENINGS,
    upcasters=jurisdiction.UPCASTERS,
)
BLOCKED_PERSONS: Final = Aggregate(
    name="BlockedPersons",
    state=BlockedPersons,
    event=blocked_persons.Event,
    evolve=passing_voided(blocked_persons.evolve),
    voided=voided_events.BlockEventVoided,
    openings=blocked_persons.OPENINGS,
)
DEPUTIES: Final = Aggregate(
    name="Deputies",
    state=Deputies,
    event=deputies.Event,
    evolve=passing_voided(deputies.evolve),
    voided=voided_events.DeputyEventVoided,
    openings=deputy_appointment.OPENINGS,
)
REGION_PARTS: Final = Aggregate(
    name="RegionParts",
    state=RegionParts,
    event=region.Event,
    evolve=passing_voided(region.evolve),
    voided=voided_events.RegionEventVoided,
    openings=region.OPENINGS,
)
WEBHOOK_ENDPOINT: Final = Aggregate(
    name="WebhookEndpoint",
    state=WebhookEndpoint,
    event=webhook_events.Event,
    evolve=passing_voided(evolve_endpoint),
    voided=voided_events.WebhookEventVoided,
    is_visible=webhook_lifecycle.is_visible,
    openings=webhook_lifecycle.OPENINGS,
    steps=webhook_lifecycle.STEPS,
)
MAIL_SUBSCRIPTION: Final = Aggregate(
    name="MailSubscription",
    state=MailSubscription,
    event=mail_events.Event,
    evolve=passing_voided(evolve_subscription),
    voided=voided_events.MailEventVoided,
    is_visible=mail_lifecycle.is_visible,
    openings=mail_lifecycle.OPENINGS,
    steps=mail_lifecycle.STEPS,
)
NUMBERING: Final = Aggregate(
    name="Numbering",
    state=Numbering,
    event=number_series.Event,
    evolve=number_series.evolve,
    voided=voided_events.NumberingEventVoided,
)
CLAIM: Final = Aggregate(
    name="Claim",
    state=Claim,
    event=idempotency_key.Event,
    evolve=passing_voided(idempotency_key.evolve),
)

AGGREGATES: Final = (
    DEPLOYMENT_REQUEST,
    INCIDENT,
    AUTHORITY,
    JURISDICTION,
    BLOCKED_PERSONS,
    DEPUTIES,
    REGION_PARTS,
    WEBHOOK_ENDPOINT,
    MAIL_SUBSCRIPTION,
    NUMBERING,
    CLAIM,
)

POLICIES: Final = (QUESTION_FINDING, RELEASE_HOLD, WITHHOLD_AGAIN, QUESTION_APPROVAL, EXPIRE_APPROVAL, NAME_SUCCESSOR)
"""The order matters: an approval that has both lost a ground and expired is questioned before it ends."""

EVENTS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {event.__name__: event for aggregate in AGGREGATES for event in aggregate.events}
)
"""Stored name -> event. The stored name is the class name. If you rename a class, keep its stored name here."""

UNBEGUN: Final = Aggregate(
    name="Unbegun", state=Unbegun, event=voided_events.UnknownEventVoided, evolve=passing_voided(lambda state, _: state)
)
"""Streams of which every event so far is voided. No view contains them."""

VOIDED: Final[Mapping[str, type[EventVoided]]] = MappingProxyType(
    {aggregate.voided.__name__: aggregate.voided for aggregate in (*AGGREGATES, UNBEGUN)}
)
"""Name -> placeholder of a voided event. Placeholders are never stored."""

AGGREGATE_OF: Final[Mapping[type[Any], Aggregate]] = MappingProxyType(
    {
        **{event: aggregate for aggregate in AGGREGATES for event in aggregate.events},
        **{aggregate.voided: aggregate for aggregate in AGGREGATES},
        voided_events.UnknownEventVoided: UNBEGUN,
    }
)

UPCASTERS: Final[Upcasters] = MappingProxyType(
    {key: upcaster for aggregate in AGGREGATES for key, upcaster in aggregate.upcasters.items()}
)
"""(stored name, schema version) -> function from the stored data to the data of the next schema version."""

SCHEMAS: Final[Mapping[str, int]] = MappingProxyType(
    {name: 1 + sum(1 for key, _ in UPCASTERS if key == name) for name in EVENTS}
)
"""Stored name -> current schema version."""


def own_audience(event: object) -> frozenset[str] | None:
    """Who may see an event that its subject in the audit trail, an authority, does not hide; None for all others."""
    restricted = blocked_persons.Event | deputies.Event | webhook_events.Event | mail_events.Event
    return of_authority(event.authority) if isinstance(event, restricted) else None


def fold(aggregate: Aggregate, history: tuple[Recorded[Any], ...] | list[Recorded[Any]], state: Any = None) -> Any:
    """Applies a history to the state before it."""
    for recorded in history:
        state = aggregate.evolve(state, recorded)
    return state


def evolve(state: State | None, recorded: Recorded[Event]) -> State:
    """The state of a stream after one more of its events."""
    after: State = AGGREGATE_OF[type(recorded.event)].evolve(state, recorded)
    return after


def version_of(state: State | None) -> int:
    """The number of events of a stream."""
    return 0 if state is None else state.version
