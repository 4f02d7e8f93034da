"""`evolve` of a hearing."""

from typing import assert_never

from domain.deployment_request import events
from domain.deployment_request.events import Event
from domain.deployment_request.hearing_events import NoticeGiven, OfHearing, StatementMade
from domain.deployment_request.state import DeploymentRequest, Hearing
from domain.fast_replace import fast_replace
from domain.recorded_event import Recorded


def evolve(state: DeploymentRequest, event: OfHearing, recorded: Recorded[Event]) -> DeploymentRequest:
    """Raises ValueError for a statement without a notice."""
    match event:
        case NoticeGiven():
            hearing = Hearing(
                grounds=event.reason,
                notice_at=recorded.happened_at,
                notice_by=recorded.actor,
                until=event.until,
                position=recorded.position,
            )
            return fast_replace(state, hearing=hearing, notices=state.notices + 1)
        case StatementMade():
            if state.hearing is None:
                raise ValueError(f"a statement on {state.reference} without a notice")
            said = fast_replace(state.hearing, statement=event.statement, statement_at=recorded.happened_at)
            return fast_replace(state, hearing=said)
        case _:
            assert_never(event)


def decided(
    hearing: Hearing | None, event: events.RequestDenied | events.ApprovalRevoked, recorded: Recorded[Event]
) -> Hearing | None:
    """After the decision: an urgent one is itself the notice, unless one was given."""
    if event.urgency is None:
        return hearing
    if hearing is not None:
        return fast_replace(hearing, urgency=event.urgency)
    return Hearing(
        grounds=event.reason,
        notice_at=recorded.happened_at,
        notice_by=recorded.actor,
        until=recorded.happened_at,
        position=recorded.position,
        urgency=event.urgency,
    )
