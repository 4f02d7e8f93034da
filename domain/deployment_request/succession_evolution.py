"""`evolve` of a succession."""

from datetime import timedelta
from typing import assert_never

from domain.deployment_request.approval_evolution import moved
from domain.deployment_request.events import Event
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.deployment_request.succession_events import OfSuccession, RequestTakenOver, SuccessorNamed
from domain.fast_replace import fast_replace
from domain.recorded_event import Recorded


def evolve(state: DeploymentRequest, event: OfSuccession, recorded: Recorded[Event]) -> DeploymentRequest:
    match event:
        case SuccessorNamed():
            return fast_replace(
                state,
                successor=event.successor,
                successor_at=recorded.position,
                successor_since=recorded.happened_at,
            )
        case RequestTakenOver():
            return _taken_over(state, event, recorded)
        case _:
            assert_never(event)


def _taken_over(state: DeploymentRequest, event: RequestTakenOver, recorded: Recorded[Event]) -> DeploymentRequest:
    """The review starts again: another revision, which nobody has endorsed, without a hold, a notice or an assignee."""
    days = event.answer_within_days
    return fast_replace(
        moved(state, RequestStatus.SUBMITTED, recorded),
        deciding_authority=event.deciding_authority,
        former_deciders=tuple(dict.fromkeys((*state.former_deciders, state.deciding_authority))),
        revision=state.revision + 1,
        revised_at=recorded.position,
        endorsements_required=event.endorsements_required,
        endorsements_counted=0,
        answer_by=None if days is None else recorded.happened_at + timedelta(days=days),
        hearing_required=event.hearing,
        hearing=None,
        release=None,
        assigned_to=None,
        successor=None,
    )
