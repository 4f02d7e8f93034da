"""What a policy is, and which requests an event concerns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from domain.decider import Context, is_open, step_of
from domain.deployment_request.commands import ExpireApproval, QuestionApproval, ResumeReview, WithholdRequest
from domain.deployment_request.events import Event
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest
from domain.incident.events import AttributionRetracted, IncidentAttributed
from domain.recorded_event import Recorded
from domain.vocabulary import IncidentId, RequestId

Reaction = ResumeReview | WithholdRequest | QuestionApproval | ExpireApproval


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the register does by itself: asked of a request as it stands, with the register as the context's actor.

    name: stable, since the ids of its commands are derived from it. react: the command that the request calls for, None
    where it calls for none. cause: of what it calls for, the position of the last event that made it so, whichever
    event was shown. Both raise Unread for what is not consulted yet.
    """

    name: str
    react: Callable[[DeploymentRequest, Context], Reaction | None]
    cause: Callable[[DeploymentRequest, Context], int]


def calls_for(command: type[Reaction], request: DeploymentRequest, context: Context) -> bool:
    """Whether the lifecycle table lets the register take this step now: a policy knows no rule of its own."""
    return is_open(step_of(STEPS, command), request, context)


def affected(recorded: Recorded[Any], resting_on: Callable[[IncidentId], Iterable[RequestId]]) -> tuple[RequestId, ...]:
    """The requests for which something may follow from an event: its own, or those that rest on the incident.

    resting_on: the requests that name an incident, as of this event. One that comes to rest on it later is affected by
    its own event then, so that it does not matter which of the two was recorded first.
    """
    if isinstance(recorded.event, Event):
        return (RequestId(recorded.stream),)
    if isinstance(recorded.event, IncidentAttributed | AttributionRetracted):
        return tuple(resting_on(IncidentId(recorded.stream)))
    return ()
