"""`evolve` of a deployment request: state + event -> state. Commands, mutation results and views all use it."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.deployment_request import events, hearing_events, hearing_evolution, succession_evolution
from domain.deployment_request.approval_evolution import endorsement, moved, of_approval, parts
from domain.deployment_request.decision import Condition, Decision, DecisionOutcome
from domain.deployment_request.events import Event
from domain.deployment_request.state import (
    DeploymentRequest,
    Hold,
    Release,
    RequestStatus,
)
from domain.deployment_request.succession_events import RequestTakenOver, SuccessorNamed
from domain.fast_replace import fast_replace
from domain.limits import text_bytes
from domain.markings import MarkingProposal
from domain.recorded_event import Recorded
from domain.visibility import recipient
from domain.vocabulary import Actor, Days, RequestId, Subject, Threshold


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
            return moved(state, RequestStatus.WITHDRAWN, recorded)
        case events.ReviewBegun():
            return moved(state, RequestStatus.UNDER_REVIEW, recorded)
        case events.RequestWithheld():
            return _withheld(state, event, recorded)
        case events.ReviewResumed():
            return _resumed(state, recorded)
        case events.RequestEndorsed():
            return _counted(fast_replace(state, endorsements=(*state.endorsements, endorsement(event, recorded))))
        case events.EndorsementChanged():
            return _changed_endorsement(state, event, recorded)
        case events.ReviewerRecused():
            return _recused(state, recorded)
        case events.RequestAssigned():
            assigned = None if event.subject is None else _assigned(event.subject, recorded, state)
            return fast_replace(state, assigned_to=assigned, assignments=state.assignments + 1)
        case events.RequestApproved():
            approved = moved(state, RequestStatus.APPROVED, recorded)
            return fast_replace(approved, decision=_approval(event, recorded), hearing=None)
        case events.RequestDenied():
            return fast_replace(
                moved(state, RequestStatus.DENIED, recorded),
                decision=_decided(DecisionOutcome.DENIED, event, recorded),
                hearing=hearing_evolution.decided(state.hearing, event, recorded),
            )
        case events.RequestRemarked():
            return fast_replace(state, remarks=state.remarks + 1)
        case events.RequestMarkingProposed():
            proposal = MarkingProposal(
                marking=event.marking,
                recipients=event.recipients,
                by=recorded.actor.person,
                position=recorded.position,
                at=recorded.happened_at,
                on_behalf_of=recorded.actor.on_behalf_of,
            )
            return fast_replace(state, proposal=proposal, proposals=state.proposals + 1)
        case events.RequestMarkingChanged():
            return fast_replace(state, marking=event.marking, recipients=event.recipients, proposal=None)
        case hearing_events.NoticeGiven() | hearing_events.StatementMade():
            return hearing_evolution.evolve(state, event, recorded)
        case SuccessorNamed() | RequestTakenOver():
            return succession_evolution.evolve(state, event, recorded)
        case _:
            return of_approval(state, event, recorded)


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
        deliberations_internal=event.deliberations_internal,
        hearing_required=event.hearing,
        answer_by=_days_after(recorded.happened_at, event.answer_within_days),
        incidents=event.incidents,
        submitted_by=recorded.actor,
        submitted_at=recorded.happened_at,
        updated_at=recorded.recorded_at,
        authors=parts(recorded),
        because=(recorded.position,),
        revised_at=recorded.position,
        status_since=recorded.happened_at,
        text_bytes=text_bytes(event),
    )


def _days_after(instant: datetime, days: Days | None) -> datetime | None:
    return None if days is None else instant + timedelta(days=days)


def _amended(state: DeploymentRequest, event: events.RequestAmended, recorded: Recorded[Event]) -> DeploymentRequest:
    left = (*state.former_regions, state.region)
    return fast_replace(
        state,
        revision=state.revision + 1,
        revised_at=recorded.position,
        region=event.region if event.region is not None else state.region,
        former_regions=state.former_regions if event.region in (None, state.region) else tuple(dict.fromkeys(left)),
        endorsements_required=event.endorsements_required or state.endorsements_required,
        hearing_required=event.hearing if event.hearing is not None else state.hearing_required,
        force=event.force if event.force is not None else state.force,
        strength=event.strength if event.strength is not None else state.strength,
        purpose=event.purpose if event.purpose is not None else state.purpose,
        period=event.period if event.period is not None else state.period,
        incidents=event.incidents if event.incidents is not None else state.incidents,
        authors=(*state.authors, *parts(recorded)),
        endorsements_counted=0,
        hearing=None,
        proposal=None,
    )


def _recused(state: DeploymentRequest, recorded: Recorded[Event]) -> DeploymentRequest:
    """Who takes no further part is assigned no longer, and their endorsement does not count."""
    assigned = state.assigned_to
    is_theirs = assigned is not None and assigned.person in recorded.actor.persons
    return _counted(
        fast_replace(state, recusals=(*state.recusals, *parts(recorded)), assigned_to=None if is_theirs else assigned)
    )


def _counted(state: DeploymentRequest) -> DeploymentRequest:
    return fast_replace(state, endorsements_counted=sum(map(state.counts, state.endorsements)))


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
        moved(state, RequestStatus.WITHHELD_PENDING_ATTRIBUTION, recorded),
        hold=hold,
        holds=state.holds + 1,
        threshold=threshold,
        release=None,
        incidents=state.incidents + added,
    )


def _resumed(state: DeploymentRequest, recorded: Recorded[Event]) -> DeploymentRequest:
    by_the_register = recorded.actor.is_system and state.hold is not None
    release = Release(hold=state.hold, position=recorded.position) if by_the_register and state.hold else None
    return fast_replace(moved(state, RequestStatus.UNDER_REVIEW, recorded), release=release)


def _changed_endorsement(
    state: DeploymentRequest, event: events.EndorsementChanged, recorded: Recorded[Event]
) -> DeploymentRequest:
    """The person's endorsement stays, and counts no longer."""
    own = [each for each in state.endorsements if state.counts(each) and each.is_of(recorded.actor)]
    before = tuple(
        replace(each, replaced_by=recorded.position) if any(each is one for one in own) else each
        for each in state.endorsements
    )
    persons = {person for each in own for person in each.persons}
    changed = endorsement(event, recorded, tuple(sorted(persons.difference(recorded.actor.persons))))
    return _counted(fast_replace(state, endorsements=(*before, changed)))


def _assigned(subject: Subject, recorded: Recorded[Event], state: DeploymentRequest) -> Actor:
    """Whoever is named. The register does not know their roles: it may never have seen them."""
    issuer, named = recipient(subject, recorded.actor.issuer)
    return Actor(issuer=issuer, subject=named, authority=state.deciding_authority, roles=())


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
