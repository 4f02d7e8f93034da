"""`evolve` of an incident: state + event -> state."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, assert_never

from domain.fast_replace import fast_replace
from domain.incident.events import (
    AttributionRetracted,
    CorrectionDiscarded,
    CorrectionProposed,
    Event,
    EvidenceRecorded,
    EvidenceRegraded,
    EvidenceWithdrawn,
    FindingDissented,
    FindingQuestioned,
    IncidentAttributed,
    IncidentCorrected,
    IncidentMarkingChanged,
    IncidentMarkingProposed,
    IncidentReferred,
    IncidentReported,
    ReferralAnswered,
)
from domain.incident.state import (
    Attribution,
    AttributionStatus,
    Correction,
    CorrectionState,
    Dissent,
    Evidence,
    FindingChange,
    Incident,
    Referral,
)
from domain.limits import text_bytes
from domain.markings import MarkingProposal
from domain.recorded_event import Recorded
from domain.vocabulary import (
    EvidenceId,
    IncidentId,
)


def evolve(state: Incident | None, recorded: Recorded[Event]) -> Incident:
    """The incident after one more event. Raises ValueError if the first event is not IncidentReported."""
    event = recorded.event
    if isinstance(event, IncidentReported):
        return _reported(event, recorded)
    if state is None:
        raise ValueError(f"{type(event).__name__} at position {recorded.position} comes before IncidentReported")
    state = fast_replace(state, version=recorded.version, text_bytes=state.text_bytes + text_bytes(event))
    match event:
        case IncidentCorrected():
            return _settled(_corrected(state, event), CorrectionState.ACCEPTED, event, recorded)
        case CorrectionProposed():
            return fast_replace(state, corrections=(*state.corrections, _proposed(event, recorded)))
        case CorrectionDiscarded():
            return _settled(state, CorrectionState.DISCARDED, event, recorded)
        case EvidenceRecorded():
            return fast_replace(state, evidence=(*state.evidence, _evidence(event, recorded)), proposal=None)
        case EvidenceRegraded():
            state = _with_evidence(
                state,
                event.evidence,
                source_reliability=event.source_reliability,
                information_credibility=event.information_credibility,
            )
            return fast_replace(state, regraded=state.regraded + 1)
        case EvidenceWithdrawn():
            return _with_evidence(state, event.evidence, withdrawn_by=recorded.position, withdrawn_reason=event.reason)
        case FindingQuestioned():
            finding = state.attribution
            return _found(state, finding and replace(finding, to_be_reaffirmed=True), recorded)
        case IncidentAttributed():
            return _found(state, _attribution(event, recorded), recorded)
        case FindingDissented():
            dissent = Dissent(by=recorded.actor, at=recorded.happened_at, finding=event.finding)
            return fast_replace(state, dissents=(*state.dissents, dissent))
        case AttributionRetracted():
            return _found(state, None, recorded)
        case IncidentReferred():
            return fast_replace(
                state,
                referred_to=(*state.referred_to, event.authority),
                referrals=(*state.referrals, _referral(event, state, recorded)),
            )
        case ReferralAnswered():
            return fast_replace(state, referrals=tuple(_answered(state, event, recorded)))
        case IncidentMarkingProposed():
            proposal = MarkingProposal(
                marking=event.marking,
                recipients=event.recipients,
                by=recorded.actor.person,
                position=recorded.position,
                at=recorded.happened_at,
                on_behalf_of=recorded.actor.on_behalf_of,
            )
            return fast_replace(state, proposal=proposal, proposals=state.proposals + 1)
        case IncidentMarkingChanged():
            return fast_replace(
                state,
                marking=event.marking,
                recipients=event.recipients,
                proposal=None,
                marked_at=recorded.position,
            )
        case _:
            assert_never(event)


def _reported(event: IncidentReported, recorded: Recorded[Event]) -> Incident:
    return Incident(
        id=IncidentId(recorded.stream),
        version=recorded.version,
        reference=event.reference,
        kind=event.kind,
        description=event.description,
        region=event.region,
        location=event.location,
        occurred_at=event.occurred_at,
        reported_at=recorded.happened_at,
        reported_by=recorded.actor,
        marking=event.marking,
        recipients=event.recipients,
        covered_by=event.covered_by,
        position=recorded.position,
        text_bytes=text_bytes(event),
    )


def _corrected(state: Incident, event: IncidentCorrected) -> Incident:
    moved = event.region is not None and event.region != state.region
    left = (*state.former_regions, state.region) if moved else state.former_regions
    return fast_replace(
        state,
        kind=event.kind if event.kind is not None else state.kind,
        description=event.description if event.description is not None else state.description,
        region=event.region if event.region is not None else state.region,
        location=event.location if event.location is not None else state.location,
        occurred_at=event.occurred_at if event.occurred_at is not None else state.occurred_at,
        covered_by=tuple(dict.fromkeys((*state.covered_by, *event.covered_by))),
        former_regions=tuple(dict.fromkeys(left)),
        corrected=state.corrected + 1,
    )


def _proposed(event: CorrectionProposed, recorded: Recorded[Event]) -> Correction:
    return Correction(
        id=event.correction,
        values=event.values,
        before=event.before,
        reason=event.reason,
        proposed_by=recorded.actor,
        proposed_at=recorded.happened_at,
        position=recorded.position,
    )


def _settled(
    state: Incident, to: CorrectionState, event: IncidentCorrected | CorrectionDiscarded, recorded: Recorded[Event]
) -> Incident:
    """One proposed correction settled. The others are the same objects as before."""
    if event.correction is None:
        return state
    settled: dict[str, Any] = {
        "state": to,
        "settled_by": recorded.actor,
        "settled_at": recorded.happened_at,
        "settled_reason": event.reason,
    }
    found = (replace(each, **settled) if each.id == event.correction else each for each in state.corrections)
    return fast_replace(state, corrections=tuple(found))


def _referral(event: IncidentReferred, state: Incident, recorded: Recorded[Event]) -> Referral:
    return Referral(
        authority=event.authority,
        reason=event.reason,
        referred_by=recorded.actor,
        referred_at=recorded.happened_at,
        to_be_asked=state.status is not AttributionStatus.ATTRIBUTED,
    )


def _answered(state: Incident, event: ReferralAnswered, recorded: Recorded[Event]) -> Iterator[Referral]:
    """The referrals, with the answer of the actor's authority. The others are the same objects as before."""
    by, at = recorded.actor, recorded.happened_at
    for each in state.referrals:
        theirs = each.authority == by.authority
        yield replace(each, answer=event.answer, answered_by=by, answered_at=at) if theirs else each


def _evidence(event: EvidenceRecorded, recorded: Recorded[Event]) -> Evidence:
    return Evidence(
        id=event.evidence,
        summary=event.summary,
        marking=event.marking,
        source_reliability=event.source_reliability,
        information_credibility=event.information_credibility,
        sha256=event.sha256,
        uri=event.uri,
        recorded_at=recorded.happened_at,
        recorded_by=recorded.actor,
    )


def _with_evidence(state: Incident, piece: EvidenceId, **changes: Any) -> Incident:
    """One piece of evidence changed. The others are the same objects as before: see `projections.rows.state_items`."""
    pieces = (replace(each, **changes) if each.id == piece else each for each in state.evidence)
    return fast_replace(state, evidence=tuple(pieces))


def _found(state: Incident, finding: Attribution | None, recorded: Recorded[Event]) -> Incident:
    found = FindingChange(version=recorded.version, position=recorded.position, finding=finding)
    return fast_replace(state, findings=(*state.findings, found))


def _attribution(event: IncidentAttributed, recorded: Recorded[Event]) -> Attribution:
    return Attribution(
        responsible_party=event.responsible_party,
        likelihood=event.likelihood,
        confidence=event.confidence,
        basis=event.basis,
        evidence=event.evidence,
        found_at=recorded.happened_at,
        found_by=recorded.actor,
        version=recorded.version,
        position=recorded.position,
        alternatives=event.alternatives,
        changed_because=event.changed_because,
    )
