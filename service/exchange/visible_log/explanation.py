"""Why a request had its status at an instant: rules and states of that instant, visibility of now."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from domain.catalogue import Event, State, evolve
from domain.decider import Context, Outlook, explain, resolve
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest
from domain.recorded_event import Recorded
from service.event_store.store import EventStore
from service.exchange.visible_log.scope import Scope
from service.exchange.visible_log.status_text import AFTER_APPROVAL, status_text
from service.exchange.visible_log.visibility import Visibility

ABOUT_THE_PERSON: Final = frozenset({"RECUSED", "INTERESTED", "ENDORSED_ONCE"})
"""Rules about the acting person."""


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
    history = _recorded(store, (scope.subject,), scope.end)
    request = _folded(history)
    if not isinstance(request, DeploymentRequest):
        raise ValueError("an explanation is about a request")
    return RequestExplanation(
        request=request,
        standing=status_text(request, ((type(each.event).__name__, each.happened_at) for each in history)),
        because=tuple(each for each in history if each.position in request.led_here or _is_after_approval(each)),
        outlooks=_outlooks(store, scope, request, visible_incidents(request, visibility)),
    )


def _is_after_approval(recorded: Recorded[Event]) -> bool:
    return type(recorded.event).__name__ in AFTER_APPROVAL


def _outlooks(
    store: EventStore, scope: Scope, request: DeploymentRequest, seen: frozenset[UUID]
) -> tuple[Outlook, ...]:
    consulted: dict[UUID, State | None] = {}
    context = Context(actor=scope.actor, now=scope.effective_time, subject=request.id, consulted=consulted, seen=seen)

    def outlooks() -> tuple[Outlook, ...]:
        return _outlooks_for_anybody(request, context) if scope.actor.is_system else explain(STEPS, request, context)

    def read(streams: Iterable[UUID]) -> None:
        consulted.update((stream, _folded(_recorded(store, (stream,), scope.end))) for stream in streams)

    return resolve(outlooks, read)


def _outlooks_for_anybody(request: DeploymentRequest, context: Context) -> tuple[Outlook, ...]:
    """Outlooks for the operator: those of a person with every permission, without the rules about the person."""
    outlooks = []
    for step in STEPS:
        person = context.as_actor(step.by.somebody(request, context))
        for outlook in explain((step,), request, person):
            verdicts = tuple(verdict for verdict in outlook.verdicts if verdict.rule not in ABOUT_THE_PERSON)
            outlooks.append(replace(outlook, verdicts=verdicts))
    return tuple(outlooks)


def visible_incidents(request: DeploymentRequest, visibility: Visibility) -> frozenset[UUID]:
    """The request's incidents that the viewer may see now, independent of what was visible at the time."""
    return frozenset(each for each, stream in visibility.of(request.concerns).items() if stream.visible)


def _recorded(store: EventStore, streams: Iterable[UUID], end: int) -> list[Recorded[Event]]:
    return [recorded for recorded in store.streams([(each, 0) for each in streams]) if recorded.position <= end]


def _folded(history: Iterable[Recorded[Event]]) -> State | None:
    state: State | None = None
    for recorded in history:
        state = evolve(state, recorded)
    return state
