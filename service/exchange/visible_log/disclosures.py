"""What an output about one subject discloses, for the access log."""

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.vocabulary import Actor
from service.event_store.access_log import SENSITIVE, Disclosure
from service.event_store.store import EventStore
from service.exchange.visible_log.scope import Scope
from service.exchange.visible_log.visibility import Visibility, states


def disclosures(store: EventStore, scope: Scope, visibility: Visibility) -> list[Disclosure]:
    """The subject, and the sensitive incidents that it names and the viewer may see. Empty for the whole register."""
    subject = scope.subject
    if subject is None:
        return []
    found = states(store, [subject], scope.present, texts=False)
    if isinstance(request := found[subject], DeploymentRequest):
        seen = visibility.of(request.concerns)
        found |= states(store, [each for each in seen if seen[each].visible], scope.present, texts=False)
    return [
        Disclosure(each, state.marking, _author(state))
        for each, state in found.items()
        if each == subject or state.marking in SENSITIVE
    ]


def _author(state: DeploymentRequest | Incident) -> Actor:
    return state.submitted_by if isinstance(state, DeploymentRequest) else state.reported_by
