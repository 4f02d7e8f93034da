"""The rules of the state: each says whether it is met, and why, in a sentence that an official can act on."""

from domain import jurisdiction
from domain.deciding import Context, Verdict
from domain.deployment_request.events import Recommendation
from domain.deployment_request.grounds import fallen, lost_release, unmet
from domain.deployment_request.state import DeploymentRequest, Hold
from domain.incident.rules import viewer_of
from domain.incident.state import Incident
from domain.vocabulary import IncidentId

UNSEEN = "an incident that you may not see"

Verdicts = tuple[Verdict, ...]


def mandate_covers(request: DeploymentRequest, context: Context) -> Verdicts:
    """While no mandate of the deciding authority covers the region, nothing is approved."""
    own = [
        mandate
        for mandate in jurisdiction.mandates_over(context, request.region)
        if mandate.authority == request.deciding_authority
    ]
    covered = "A" if own else "No"
    return (
        Verdict(
            rule="MANDATE",
            met=bool(own),
            description=f"{covered} mandate of '{request.deciding_authority}' covers '{request.region}' now.",
            rests_on=tuple(mandate.granted_at for mandate in own),
        ),
    )


def is_endorsed(request: DeploymentRequest, context: Context) -> Verdicts:
    """Enough endorsements of this revision that recommend approval, more for than against, none the approver's own."""
    counted = [
        endorsement
        for endorsement in request.endorsements
        if request.counts(endorsement) and endorsement.by.person != context.actor.person
    ]
    favourable = [e for e in counted if e.recommendation is Recommendation.APPROVE]
    against = len(counted) - len(favourable)
    needed = request.endorsements_required
    noun = "endorsement" if needed == 1 else "endorsements"
    positions = tuple(endorsement.position for endorsement in counted)
    own = len([e for e in request.endorsements if request.counts(e)]) > len(counted)
    note = " The approver's own endorsement is not counted." if own else ""
    return (
        Verdict(
            rule="ENDORSEMENTS",
            met=len(favourable) >= needed,
            description=f"{len(favourable)} of {needed} {noun} of revision {request.revision} for approval.{note}",
            rests_on=(request.revised_at, *positions),
        ),
        Verdict(
            rule="MAJORITY",
            met=len(favourable) > against,
            description=f"{len(favourable)} for and {against} against: more must be for it than against it.",
            rests_on=positions,
        ),
    )


def has_not_endorsed(request: DeploymentRequest, context: Context) -> Verdicts:
    own = [
        endorsement
        for endorsement in request.endorsements
        if endorsement.by.person == context.actor.person and endorsement.revision == request.revision
    ]
    done = f"You endorsed revision {request.revision} already: one endorsement a person and revision is accepted."
    return (
        Verdict(
            rule="ENDORSED_ONCE",
            met=not own,
            description=done
            if own
            else f"Nobody endorses a revision twice; yours of revision {request.revision} is open.",
            rests_on=tuple(endorsement.position for endorsement in own),
        ),
    )


def hold_is_met(request: DeploymentRequest, context: Context) -> Verdicts:
    """A hold binds the register alone: a reviewer may resume the review with a reason."""
    if request.hold is None:
        return ()
    missing = unmet(context, request.hold)
    incidents = context.read_all(Incident, request.hold.awaiting)
    return tuple(
        verdict
        for awaited, incident in zip(request.hold.awaiting, incidents, strict=True)
        for verdict in _awaited(awaited, incident, awaited not in missing, request.hold, context)
    )


def release_is_lost(request: DeploymentRequest, context: Context) -> Verdicts:
    """The register withholds again only what it released itself, when the finding that released it fell."""
    if not context.actor.is_system:
        return ()
    lost = lost_release(context, request)
    return (
        Verdict(
            rule="RELEASE",
            met=bool(lost),
            description="A finding that released the last hold no longer suffices."
            if lost
            else "The register withholds again only where a finding that released the last hold fell.",
            rests_on=(request.release.position,) if request.release else (),
        ),
    )


def is_questioned(request: DeploymentRequest, context: Context) -> Verdicts:
    decision = request.decision
    met = decision is not None and decision.is_questioned
    return (
        Verdict(
            rule="QUESTIONED",
            met=met,
            description="A finding on which the approval rested fell: it is to be confirmed or revoked."
            if met
            else "Only an approval that is questioned is confirmed.",
            rests_on=(decision.questioned_by,) if decision and decision.questioned_by else (),
        ),
    )


def grounds_fell(request: DeploymentRequest, context: Context) -> Verdicts:
    stands = request.decision is not None and not request.decision.is_questioned
    falls = fallen(context, request)
    return (
        Verdict(
            rule="GROUNDS",
            met=stands and bool(falls),
            description="A finding on which the approval rested fell."
            if falls
            else "Every finding on which the approval rested still stands.",
        ),
    )


def time_has_passed(request: DeploymentRequest, context: Context) -> Verdicts:
    ends = request.decision.expires_at if request.decision else None
    return (
        Verdict(
            rule="VALIDITY",
            met=ends is not None and ends <= context.now,
            description=f"The approval is valid until {ends:%Y-%m-%d %H:%M} UTC." if ends else "It does not expire.",
        ),
    )


def has_open_conditions(request: DeploymentRequest, context: Context) -> Verdicts:
    conditions = request.decision.conditions if request.decision else ()
    open_ones = [condition for condition in conditions if not condition.is_fulfilled]
    return (
        Verdict(
            rule="CONDITIONS",
            met=bool(open_ones),
            description=f"{len(open_ones)} of {len(conditions)} conditions are not yet reported as fulfilled.",
            rests_on=(request.decision.position,) if request.decision else (),
        ),
    )


def _awaited(
    awaited: IncidentId, incident: Incident | None, met: bool, hold: Hold, context: Context
) -> tuple[Verdict, ...]:
    """Likelihood and confidence are told apart, never in one sentence (ICD 203)."""
    bound = context.actor.is_system
    if incident is None or not viewer_of(context, incident).sees(incident.audience):
        text = f"The hold awaits a finding on {UNSEEN}."
        return (Verdict(rule="HOLD", met=met, description=text, rests_on=(hold.position,), binding=bound),)
    finding = incident.attribution
    positions = (hold.position, finding.position) if finding else (hold.position,)
    if finding is None or not finding.is_conclusive:
        state = "has no finding yet" if finding is None else "has the finding that it cannot be told who is responsible"
        text = f"The hold awaits {incident.reference}, which {state}."
        return (
            Verdict(rule="HOLD", met=met, description=text, subject=str(awaited), rests_on=positions, binding=bound),
        )
    likelihood, confidence = hold.threshold.likelihood, hold.threshold.confidence
    return (
        Verdict(
            rule="HOLD_LIKELIHOOD",
            met=finding.likelihood.rank >= likelihood.rank,
            description=f"Likelihood of the finding on {incident.reference}: has {finding.likelihood}, "
            f"needs {likelihood}.",
            subject=str(awaited),
            rests_on=positions,
            binding=bound,
        ),
        Verdict(
            rule="HOLD_CONFIDENCE",
            met=finding.confidence.rank >= confidence.rank,
            description=f"Confidence in the finding on {incident.reference}: has {finding.confidence}, "
            f"needs {confidence}.",
            subject=str(awaited),
            rests_on=positions,
            binding=bound,
        ),
    )
