"""What a policy is, which requests an event concerns, and when time does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.deciding import Context, is_open, step_of
from domain.deployment_request.commands import ExpireApproval, QuestionApproval, ResumeReview, WithholdRequest
from domain.deployment_request.events import Event
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.events import AttributionRetracted, IncidentAttributed
from domain.recorded import Recorded
from domain.vocabulary import IncidentId, RequestId

Reaction = ResumeReview | WithholdRequest | QuestionApproval | ExpireApproval


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """name: stable, since the ids of its commands are derived from it.

    react: the command that the request calls for as it stands, None where it calls for none. The context's actor is
    the register; the incidents that the request rests on are consulted, and Unread names those that are missing.
    """

    name: str
    react: Callable[[DeploymentRequest, Context], Reaction | None]


def calls_for(command: type[Reaction], request: DeploymentRequest, context: Context) -> bool:
    """Whether the lifecycle table lets the register take this step now: a policy knows no rule of its own."""
    return is_open(step_of(STEPS, command), request, context)


def watches(request: DeploymentRequest) -> frozenset[IncidentId]:
    """The incidents on whose findings it depends, now, whether something follows for the request.

    This is all that the memory of the policies holds of a request, at their own position in the log.
    """
    match request.status:
        case RequestStatus.WITHHELD_PENDING_ATTRIBUTION if request.hold:
            return frozenset(request.hold.awaiting)
        case RequestStatus.UNDER_REVIEW if request.release:
            return frozenset(request.release.hold.awaiting).intersection(request.incidents)
        case RequestStatus.APPROVED if request.decision:
            return frozenset(ground.incident for ground in request.decision.rests_on)
        case _:
            return frozenset()


def affected(recorded: Recorded[Any], watchers: Callable[[IncidentId], Iterable[RequestId]]) -> tuple[RequestId, ...]:
    """The requests for which something may follow from an event: its own, or those that watch the incident.

    A request that begins to watch an incident after a finding on it is affected by its own event, so that it does not
    matter which of the two was recorded first.
    """
    if isinstance(recorded.event, Event):
        return (RequestId(recorded.stream),)
    if isinstance(recorded.event, IncidentAttributed | AttributionRetracted):
        return tuple(watchers(IncidentId(recorded.stream)))
    return ()


def due(request: DeploymentRequest) -> datetime | None:
    """When its approval ends, if nothing happens before."""
    if request.status is not RequestStatus.APPROVED or request.decision is None:
        return None
    return request.decision.expires_at
