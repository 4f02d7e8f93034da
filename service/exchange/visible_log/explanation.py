"""Why a request had its status at an instant: rules and states of that instant, visibility of now."""

from dataclasses import dataclass, replace
from uuid import UUID

from domain.catalogue import DEPLOYMENT_REQUEST, Event, State, fold
from domain.decider import Context, Outlook, resolve
from domain.deployment_request.lifecycle import outlooks
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import ACTOR, concealed
from domain.recorded_event import Recorded
from service.event_store.store import EventStore
from service.exchange.visible_log.scope import Scope
from service.exchange.visible_log.status_text import AFTER_APPROVAL, StatusFacts, status_text
from service.exchange.visible_log.visibility import Visibility, states


@dataclass(frozen=True, slots=True)
class RequestExplanation:
    """Why a request has its status, and which actions are open.

    standing: the status in words. because: the events that led to the status, and those after an approval.
    outlooks: one for each action that the status allows.
    """

    request: DeploymentRequest
    standing: str
    because: tuple[Recorded[Event], ...]
    outlooks: tuple[Outlook, ...]


def explain_request(store: EventStore, scope: Scope, visibility: Visibility) -> RequestExplanation:
    """Explains the request of the scope. Raises ValueError unless the scope is one request."""
    if scope.subject is None:
        raise ValueError("an explanation is about one request")
    history = [each for each in store.streams([(scope.subject, 0)]) if each.position <= scope.end]
    stream = visibility.of((scope.subject,))[scope.subject]
    request = stream.disclosed(fold(DEPLOYMENT_REQUEST, history))
    consulted: dict[UUID, State | None] = {}
    seen = visible_incidents(request, visibility)
    context = Context(
        actor=scope.actor,
        now=scope.effective_time,
        subject=request.id,
        consulted=consulted,
        seen=seen,
        deliberations=stream.discloses_deliberations,
    )
    return RequestExplanation(
        request=request,
        standing=status_text(
            StatusFacts.of(request), ((type(each.event).__name__, each.happened_at) for each in history)
        ),
        because=tuple(
            replace(each, actor=concealed(each.actor)) if ACTOR in stream.withheld(each) else each
            for each in history
            if each.position in request.led_here or _is_after_approval(each)
        ),
        outlooks=resolve(
            lambda: outlooks(request, context), lambda streams: consulted.update(states(store, streams, scope.end))
        ),
    )


def _is_after_approval(recorded: Recorded[Event]) -> bool:
    return type(recorded.event).__name__ in AFTER_APPROVAL


def visible_incidents(request: DeploymentRequest, visibility: Visibility) -> frozenset[UUID]:
    """The request's incidents that the viewer may see now, independent of what was visible at the time."""
    return frozenset(each for each, stream in visibility.of(request.concerns).items() if stream.visible)
