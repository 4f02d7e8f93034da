"""Policies, and the requests and incidents that an event affects."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.decider import Context, is_open, step_of
from domain.deployment_request.commands import ExpireApproval, QuestionApproval, ResumeReview, WithholdRequest
from domain.deployment_request.events import Event
from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.succession import NameSuccessor
from domain.incident.events import (
    AttributionRetracted,
    EvidenceWithdrawn,
    FindingQuestioned,
    IncidentAttributed,
)
from domain.incident.evidence import QuestionFinding
from domain.recorded_event import Recorded
from domain.vocabulary import IncidentId, RequestId

ToRequest = ResumeReview | WithholdRequest | QuestionApproval | ExpireApproval | NameSuccessor
Reaction = ToRequest | QuestionFinding


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An automatic reaction, evaluated on the current state of a request or an incident with the register as actor.

    name: stable, since command ids are derived from it. of: DeploymentRequest or Incident. react: the command that the
    state requires; None if none. cause: the position of the last event that made the reaction necessary, whichever
    event triggered the evaluation.
    Both raise Unread.
    """

    name: str
    of: type[Any] = DeploymentRequest
    react: Callable[[Any, Context], Reaction | None]
    cause: Callable[[Any, Context], int]


def calls_for(command: type[ToRequest], request: DeploymentRequest, context: Context) -> bool:
    """Whether the lifecycle table lets the register take this step now. Policies have no rules of their own."""
    return is_open(step_of(STEPS, command), request, context)


def affected(recorded: Recorded[Any], resting_on: Callable[[IncidentId], Iterable[RequestId]]) -> tuple[UUID, ...]:
    """The subjects that an event may affect: its own, or the requests that rest on its incident.

    resting_on: the requests that name an incident, as of this event. A request that names it later is affected by its
    own event, so the order of the two does not matter.
    """
    if isinstance(recorded.event, Event | EvidenceWithdrawn):
        return (recorded.stream,)
    if isinstance(recorded.event, IncidentAttributed | AttributionRetracted | FindingQuestioned):
        return tuple(resting_on(IncidentId(recorded.stream)))
    return ()
