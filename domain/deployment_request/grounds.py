"""The findings that a request rests on: the current ones, those that meet a hold, and those that fell."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.decider import Context
from domain.deployment_request.events import Ground
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Attribution, Incident
from domain.incident.visibility import is_visible
from domain.vocabulary import IncidentId, Text, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A ground that no longer stands. position: of the first event that made it fall."""

    ground: Ground
    position: int


def current_grounds(context: Context, incidents: Iterable[IncidentId]) -> tuple[Ground, ...]:
    """The current findings on these incidents."""
    return tuple(
        Ground(
            incident=incident.id,
            version=incident.findings[-1].version,
            responsible_party=incident.attribution.responsible_party,
            likelihood=incident.attribution.likelihood,
            confidence=incident.attribution.confidence,
        )
        for incident in context.read_all(Incident, incidents)
        if incident is not None and incident.attribution is not None
    )


def without_sufficient_finding(
    context: Context, incidents: Iterable[IncidentId], threshold: Threshold
) -> tuple[IncidentId, ...]:
    awaited = tuple(incidents)
    return tuple(
        awaited_id
        for awaited_id, incident in zip(awaited, context.read_all(Incident, awaited), strict=True)
        if incident is None or incident.attribution is None or not incident.attribution.suffices(threshold)
    )


def unseen_incidents(request: DeploymentRequest, context: Context) -> tuple[IncidentId, ...]:
    """The incidents of the request that the actor may not see."""
    incidents = context.read_all(Incident, request.incidents)
    return tuple(incident.id for incident in incidents if incident is not None and not is_visible(incident, context))


def fallen(context: Context, request: DeploymentRequest) -> tuple[Fall, ...]:
    """The grounds of a decision that have fallen since.

    Examines every later finding, not only the last: a finding that was retracted and then made again has fallen.
    """
    grounds = request.decision.rests_on if request.decision else ()
    incidents = context.read_all(Incident, (ground.incident for ground in grounds))
    falls = (
        _fall(ground, incident, request.threshold)
        for ground, incident in zip(grounds, incidents, strict=True)
        if incident is not None
    )
    return tuple(fall for fall in falls if fall is not None)


def lost_release(context: Context, request: DeploymentRequest) -> tuple[IncidentId, ...]:
    """The incidents that released the last hold, are still named by the request, and lost their sufficient finding."""
    if request.release is None:
        return ()
    hold = request.release.hold
    still_named = (incident for incident in hold.awaiting if incident in request.incidents)
    return without_sufficient_finding(context, still_named, hold.threshold)


def _fall(ground: Ground, incident: Incident, threshold: Threshold) -> Fall | None:
    for later in incident.findings:
        if later.version > ground.version and _falls_by(later.finding, ground, threshold):
            return Fall(ground=ground, position=later.position)
    return None


def _falls_by(finding: Attribution | None, ground: Ground, threshold: Threshold) -> bool:
    """Whether it is a retraction, is to be reaffirmed, names nobody or another party, or becomes too weak."""
    if finding is None or finding.to_be_reaffirmed:
        return True
    if ground.responsible_party is None:
        return False
    if finding.responsible_party is None or _is_another(ground.responsible_party, finding.responsible_party):
        return True
    reached = threshold.reached_by(ground.likelihood, ground.confidence)
    return reached and not threshold.reached_by(finding.likelihood, finding.confidence)


def _is_another(before: Text, after: Text) -> bool:
    """Whether two parties differ by more than case and spaces. False if one is erased."""
    if before.value is None or after.value is None:
        return False
    return before.value.casefold().split() != after.value.casefold().split()
