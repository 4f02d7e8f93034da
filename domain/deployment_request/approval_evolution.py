"""`evolve` of what happens to an approval, and what all its events share."""

from typing import Any, assert_never

from domain.deployment_request import events, hearing_evolution
from domain.deployment_request.decision import Decision, Standing
from domain.deployment_request.events import Event
from domain.deployment_request.state import DeploymentRequest, Endorsement, Extension, Part, RequestStatus
from domain.fast_replace import fast_replace
from domain.recorded_event import Recorded
from domain.vocabulary import ConditionId, Person


def of_approval(state: DeploymentRequest, event: events.OfApproval, recorded: Recorded[Event]) -> DeploymentRequest:
    match event:
        case events.ApprovalQuestioned():
            decision = fast_replace(
                _decision(state),
                standing=Standing.QUESTIONED,
                questioned_by=recorded.position,
                questioned_at=recorded.happened_at,
            )
            return fast_replace(state, decision=decision)
        case events.ApprovalConfirmed():
            stands = fast_replace(
                _decision(state),
                standing=Standing.STANDS,
                questioned_by=None,
                questioned_at=None,
                rests_on=event.grounds,
            )
            return fast_replace(state, decision=stands, hearing=None)
        case events.ApprovalRevoked():
            hearing = hearing_evolution.decided(state.hearing, event, recorded)
            return fast_replace(moved(state, RequestStatus.REVOKED, recorded), hearing=hearing)
        case events.ApprovalExpired():
            return moved(state, RequestStatus.EXPIRED, recorded)
        case events.FulfilmentReported():
            return _on_condition(
                state,
                event.condition,
                fulfilment_report=event.report,
                fulfilled_at=recorded.happened_at,
                sent_back_reason=None,
            )
        case events.FulfilmentAccepted():
            return _on_condition(state, event.condition, accepted_at=recorded.happened_at, accepted_by=recorded.actor)
        case events.FulfilmentSentBack():
            state = fast_replace(state, sent_back=state.sent_back + 1)
            return _on_condition(state, event.condition, fulfilled_at=None, sent_back_reason=event.reason)
        case events.ExtensionAsked():
            return _extension_asked(state, event, recorded)
        case events.ExtensionEndorsed():
            return _extension_endorsed(state, endorsement(event, recorded))
        case events.ExtensionGranted():
            extended = _decision(state).until(event.until, recorded.position)
            return fast_replace(state, decision=extended, extension=None)
        case events.ExtensionRefused():
            return fast_replace(state, extension=None)
        case _:
            assert_never(event)


def moved(state: DeploymentRequest, status: RequestStatus, recorded: Recorded[Event]) -> DeploymentRequest:
    """With another status. This ends a hold, and what is asked for an approval."""
    return fast_replace(
        state,
        status=status,
        status_since=recorded.happened_at,
        because=(*state.because, recorded.position),
        hold=None,
        extension=None,
    )


def parts(recorded: Recorded[Event]) -> tuple[Part, ...]:
    """Of the actor, and of the person for whom they act."""
    return tuple([Part(person=person, position=recorded.position) for person in recorded.actor.persons])


def endorsement(
    event: events.RequestEndorsed | events.EndorsementChanged | events.ExtensionEndorsed,
    recorded: Recorded[Event],
    before: tuple[Person, ...] = (),
) -> Endorsement:
    return Endorsement(
        by=recorded.actor,
        recommendation=event.recommendation,
        reason=event.reason,
        revision=event.revision,
        endorsed_at=recorded.happened_at,
        position=recorded.position,
        before=before,
    )


def _extension_asked(
    state: DeploymentRequest, event: events.ExtensionAsked, recorded: Recorded[Event]
) -> DeploymentRequest:
    extension = Extension(
        until=event.until,
        reason=event.reason,
        asked_at=recorded.happened_at,
        asked_by=recorded.actor,
        position=recorded.position,
    )
    authors = (*state.authors, *parts(recorded))
    return fast_replace(state, extension=extension, extensions=state.extensions + 1, authors=authors)


def _extension_endorsed(state: DeploymentRequest, endorsement: Endorsement) -> DeploymentRequest:
    if state.extension is None:
        raise ValueError(f"{state.reference} has no extension to endorse")
    endorsements = (*state.extension.endorsements, endorsement)
    counted = sum(map(state.counts, endorsements))
    return fast_replace(
        state, extension=fast_replace(state.extension, endorsements=endorsements, endorsements_counted=counted)
    )


def _decision(state: DeploymentRequest) -> Decision:
    if state.decision is None:
        raise ValueError(f"{state.reference} has no decision yet")
    return state.decision


def _on_condition(state: DeploymentRequest, condition: ConditionId, **changes: Any) -> DeploymentRequest:
    """With other values in one condition of its approval."""
    decision = _decision(state)
    conditions = tuple(fast_replace(each, **changes) if each.id == condition else each for each in decision.conditions)
    return fast_replace(state, decision=fast_replace(decision, conditions=conditions))
