"""`evolve` of a deployment request: state + event -> state. Commands, mutation results and views all use it."""

from typing import assert_never

from domain.deployment_request import events
from domain.deployment_request.events import Event
from domain.deployment_request.state import (
    Condition,
    Decision,
    DecisionOutcome,
    DeploymentRequest,
    Endorsement,
    Hold,
    Part,
    Release,
    RequestStatus,
    Standing,
)
from domain.fast_replace import fast_replace
from domain.limits import text_bytes
from domain.recorded_event import Recorded
from domain.vocabulary import RequestId, Threshold


def evolve(state: DeploymentRequest | None, recorded: Recorded[Event]) -> DeploymentRequest:
    """The request after one more event. Raises ValueError if the first event is not RequestSubmitted."""
    event = recorded.event
    if isinstance(event, events.RequestSubmitted):
        return _submitted(event, recorded)
    if state is None:
        raise ValueError(f"{type(event).__name__} at position {recorded.position} comes before RequestSubmitted")
    state = fast_replace(
        state,
        version=recorded.version,
        updated_at=recorded.recorded_at,
        text_bytes=state.text_bytes + text_bytes(event),
    )
    match event:
        case events.RequestAmended():
            return _amended(state, event, recorded)
        case events.RequestWithdrawn():
            return _moved(state, RequestStatus.WITHDRAWN, recorded)
        case events.ReviewBegun():
            return _moved(state, RequestStatus.UNDER_REVIEW, recorded)
        case events.RequestWithheld():
            return _withheld(state, event, recorded)
        case events.ReviewResumed():
            return _resumed(state, recorded)
        case events.RequestEndorsed():
            return fast_replace(state, endorsements=(*state.endorsements, _endorsement(event, recorded)))
        case events.ReviewerRecused():
            return fast_replace(state, recusals=(*state.recusals, _part(recorded)))
        case events.RequestApproved():
            return fast_replace(_moved(state, RequestStatus.APPROVED, recorded), decision=_approval(event, recorded))
        case events.RequestDenied():
            return fast_replace(
                _moved(state, RequestStatus.DENIED, recorded),
                decision=_decided(DecisionOutcome.DENIED, event, recorded),
            )
        case events.ApprovalQuestioned():
            decision = fast_replace(_decision(state), standing=Standing.QUESTIONED, questioned_by=recorded.position)
            return fast_replace(state, decision=decision)
        case events.ApprovalConfirmed():
            stands = fast_replace(
                _decision(state), standing=Standing.STANDS, questioned_by=None, rests_on=event.grounds
            )
            return fast_replace(state, decision=stands)
        case events.ApprovalRevoked():
            return _moved(state, RequestStatus.REVOKED, recorded)
        case events.ApprovalExpired():
            return _moved(state, RequestStatus.EXPIRED, recorded)
        case events.FulfilmentReported():
            return _fulfilled(state, event, recorded)
        case events.RequestRemarked():
            return fast_replace(state, remarks=state.remarks + 1)
        case _:
            assert_never(event)


def _submitted(event: events.RequestSubmitted, recorded: Recorded[Event]) -> DeploymentRequest:
    return DeploymentRequest(
        id=RequestId(recorded.stream),
        version=recorded.version,
        reference=event.reference,
        status=RequestStatus.SUBMITTED,
        revision=1,
        requesting_authority=event.requesting_authority,
        deciding_authority=event.deciding_authority,
        endorsements_required=event.endorsements_required,
        force=event.force,
        strength=event.strength,
        region=event.region,
        purpose=event.purpose,
        period=event.period,
        marking=event.marking,
        recipients=event.recipients,
        incidents=event.incidents,
        submitted_by=recorded.actor,
        submitted_at=recorded.happened_at,
        updated_at=recorded.recorded_at,
        authors=(_part(recorded),),
        because=(recorded.position,),
        revised_at=recorded.position,
        text_bytes=text_bytes(event),
    )


def _part(recorded: Recorded[Event]) -> Part:
    return Part(person=recorded.actor.person, position=recorded.position)


def _amended(state: DeploymentRequest, event: events.RequestAmended, recorded: Recorded[Event]) -> DeploymentRequest:
    return fast_replace(
        state,
        revision=state.revision + 1,
        revised_at=recorded.position,
        force=event.force if event.force is not None else state.force,
        strength=event.strength if event.strength is not None else state.strength,
        purpose=event.purpose if event.purpose is not None else state.purpose,
        period=event.period if event.period is not None else state.period,
        incidents=event.incidents if event.incidents is not None else state.incidents,
        authors=(*state.authors, _part(recorded)),
    )


def _moved(state: DeploymentRequest, status: RequestStatus, recorded: Recorded[Event]) -> DeploymentRequest:
    """With another status. This ends a hold."""
    return fast_replace(state, status=status, because=(*state.because, recorded.position), hold=None)


def _withheld(state: DeploymentRequest, event: events.RequestWithheld, recorded: Recorded[Event]) -> DeploymentRequest:
    threshold = Threshold(likelihood=event.minimum_likelihood, confidence=event.minimum_confidence)
    hold = Hold(
        reason=event.reason,
        awaiting=event.awaiting,
        threshold=threshold,
        review_by=event.review_by,
        held_since=recorded.happened_at,
        held_by=recorded.actor,
        position=recorded.position,
    )
    added = tuple(incident for incident in event.awaiting if incident not in state.incidents)
    return fast_replace(
        _moved(state, RequestStatus.WITHHELD_PENDING_ATTRIBUTION, recorded),
        hold=hold,
        holds=state.holds + 1,
        threshold=threshold,
        release=None,
        incidents=state.incidents + added,
    )


def _resumed(state: DeploymentRequest, recorded: Recorded[Event]) -> DeploymentRequest:
    by_the_register = recorded.actor.is_system and state.hold is not None
    release = Release(hold=state.hold, position=recorded.position) if by_the_register and state.hold else None
    return fast_replace(_moved(state, RequestStatus.UNDER_REVIEW, recorded), release=release)


def _endorsement(event: events.RequestEndorsed, recorded: Recorded[Event]) -> Endorsement:
    return Endorsement(
        by=recorded.actor,
        recommendation=event.recommendation,
        reason=event.reason,
        revision=event.revision,
        endorsed_at=recorded.happened_at,
        position=recorded.position,
    )


def _approval(event: events.RequestApproved, recorded: Recorded[Event]) -> Decision:
    return fast_replace(
        _decided(DecisionOutcome.APPROVED, event, recorded),
        conditions=tuple(Condition(id=c.id, text=c.text, due_by=c.due_by) for c in event.conditions),
        valid_until=event.valid_until,
        granted_strength=event.strength,
        granted_period=event.period,
    )


def _decided(
    outcome: DecisionOutcome, event: events.RequestApproved | events.RequestDenied, recorded: Recorded[Event]
) -> Decision:
    return Decision(
        outcome=outcome,
        reason=event.reason,
        decided_at=recorded.happened_at,
        decided_by=recorded.actor,
        position=recorded.position,
        grounds=event.grounds,
        rests_on=event.grounds,
    )


def _decision(state: DeploymentRequest) -> Decision:
    if state.decision is None:
        raise ValueError(f"{state.reference} has no decision yet")
    return state.decision


def _fulfilled(
    state: DeploymentRequest, event: events.FulfilmentReported, recorded: Recorded[Event]
) -> DeploymentRequest:
    decision = _decision(state)
    conditions = tuple(
        fast_replace(condition, fulfilment_report=event.report, fulfilled_at=recorded.happened_at)
        if condition.id == event.condition
        else condition
        for condition in decision.conditions
    )
    return fast_replace(state, decision=fast_replace(decision, conditions=conditions))
