"""The findings that a request rests on: as they stand, what meets a hold, and which of them fell."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.deciding import Context
from domain.deployment_request.events import Ground
from domain.deployment_request.state import DeploymentRequest, Hold
from domain.incident.state import Attribution, Incident
from domain.vocabulary import IncidentId, Text, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A ground that no longer stands, what became of it, and the incident as it is."""

    ground: Ground
    what: str
    incident: Incident | None


def current_grounds(context: Context, incidents: Iterable[IncidentId]) -> tuple[Ground, ...]:
    """The findings that stand now on these incidents."""
    return tuple(
        Ground(
            incident=incident.id,
            version=incident.attribution.version,
            responsible_party=incident.attribution.responsible_party,
            likelihood=incident.attribution.likelihood,
            confidence=incident.attribution.confidence,
        )
        for incident in context.read_all(Incident, incidents)
        if incident is not None and incident.attribution is not None
    )


def unmet(context: Context, hold: Hold) -> tuple[IncidentId, ...]:
    """The awaited incidents that have no finding which suffices."""
    return without_sufficient_finding(context, hold.awaiting, hold.threshold)


def without_sufficient_finding(
    context: Context, incidents: Iterable[IncidentId], threshold: Threshold
) -> tuple[IncidentId, ...]:
    awaited = tuple(incidents)
    return tuple(
        awaited_id
        for awaited_id, incident in zip(awaited, context.read_all(Incident, awaited), strict=True)
        if incident is None or incident.attribution is None or not incident.attribution.suffices(threshold)
    )


def fallen(context: Context, request: DeploymentRequest) -> tuple[Fall, ...]:
    """The grounds of a decision that no longer stand as they did."""
    grounds = request.decision.rests_on if request.decision else ()
    incidents = context.read_all(Incident, (ground.incident for ground in grounds))
    return tuple(
        Fall(ground=ground, what=what, incident=incident)
        for ground, incident in zip(grounds, incidents, strict=True)
        if (what := _what_fell(ground, incident.attribution if incident else None, request.threshold)) is not None
    )


def lost_release(context: Context, request: DeploymentRequest) -> tuple[IncidentId, ...]:
    """The incidents on which the release of the last hold rested, still named by the request, whose finding fell."""
    if request.release is None:
        return ()
    hold = request.release.hold
    still_named = (incident for incident in hold.awaiting if incident in request.incidents)
    return without_sufficient_finding(context, still_named, hold.threshold)


def _what_fell(ground: Ground, finding: Attribution | None, threshold: Threshold) -> str | None:
    if finding is None:
        return "was retracted"
    if finding.version == ground.version:
        return None
    if ground.responsible_party is None:
        return None
    if finding.responsible_party is None:
        return "became inconclusive"
    if _name(finding.responsible_party) != _name(ground.responsible_party):
        return "names another party"
    reached = threshold.reached_by(ground.likelihood, ground.confidence)
    if reached and not threshold.reached_by(finding.likelihood, finding.confidence):
        return "no longer reaches what was asked of it"
    return None


def _name(party: Text) -> str | None:
    return None if party.value is None else " ".join(party.value.casefold().split())
