"""The conditions of the lifecycle table: each returns verdicts, with a sentence that an official can act on.

The first line of a rule's docstring appears in docs/lifecycle.md.
"""

from dataclasses import replace

from domain import jurisdiction
from domain.decider import Context, Verdict
from domain.deployment_request import ballot
from domain.deployment_request.grounds import fallen, lost_release
from domain.deployment_request.state import DeploymentRequest, Hold
from domain.incident.state import Incident
from domain.incident.visibility import is_visible
from domain.vocabulary import format_time, in_words

UNSEEN = "an incident that you may not see"

Verdicts = tuple[Verdict, ...]


def mandate_covers(request: DeploymentRequest, context: Context) -> Verdicts:
    """A mandate of the deciding authority covers the region."""
    own = [
        mandate
        for mandate in jurisdiction.mandates_over(context, request.region)
        if mandate.authority == request.deciding_authority
    ]
    once = jurisdiction.last_mandates_over(context, request.region, request.deciding_authority)
    ends = tuple(mandate.ended_by or mandate.granted_at for mandate in once)
    covers = f"mandate of {request.deciding_authority} covers {request.region}"
    return (
        Verdict(
            rule="MANDATE",
            met=bool(own),
            description=f"A {covers}." if own else f"No {covers}: an administrator can grant one.",
            rests_on=tuple(mandate.granted_at for mandate in own) or ends,
        ),
    )


def period_lies_ahead(request: DeploymentRequest, context: Context) -> Verdicts:
    """The requested period is not over."""
    end, met = request.period.end, request.period.end > context.now
    text = f"The requested period {'ends' if met else 'ended'} on {format_time(end)}"
    return (
        Verdict(
            rule="PERIOD",
            met=met,
            description=f"{text}." if met else f"{text}: {request.requesting_authority} can request another.",
            rests_on=(request.revised_at,),
        ),
    )


def is_endorsed(request: DeploymentRequest, context: Context) -> Verdicts:
    """Enough endorsements of this revision recommend it, more than oppose it; the approver's own is not counted."""
    return ballot.has_quorum(ballot.on_revision(request), request, context)


def has_not_endorsed(request: DeploymentRequest, context: Context) -> Verdicts:
    """Each person endorses a revision once."""
    endorsements = tuple(each for each in request.endorsements if each.revision == request.revision)
    return (ballot.is_new(ballot.on_revision(request), endorsements, context),)


def hold_is_met(request: DeploymentRequest, context: Context) -> Verdicts:
    """The register resumes the review when the hold is met; a reviewer may do so at any time, with a reason."""
    hold = request.hold
    if hold is None:
        return ()
    incidents = context.read_all(Incident, hold.awaiting)
    binding = context.actor.is_system
    awaited = tuple(
        replace(verdict, binding=binding) for incident in incidents for verdict in _awaited(incident, hold, context)
    )
    if binding:
        return awaited
    discretion = Verdict(
        rule="DISCRETION",
        met=True,
        description=f"A reviewer of {request.deciding_authority} may resume the review at any time, with a reason; the "
        "register does so by itself once every awaited incident has a finding that suffices.",
        rests_on=(hold.position,),
    )
    return (discretion, *awaited)


def release_is_lost(request: DeploymentRequest, context: Context) -> Verdicts:
    """The register withholds again only if it released the hold itself and a finding that released it has fallen."""
    if not context.actor.is_system:
        return ()
    lost = lost_release(context, request)
    return (
        Verdict(
            rule="RELEASE",
            met=bool(lost),
            description="A finding that released the last hold no longer suffices."
            if lost
            else "No finding that released the last hold has fallen: the register withholds again only if one has.",
            rests_on=(request.release.position,) if request.release else (),
        ),
    )


def is_questioned(request: DeploymentRequest, context: Context) -> Verdicts:
    """The approval is questioned."""
    decision = request.decision
    met = decision is not None and decision.is_questioned
    return (
        Verdict(
            rule="QUESTIONED",
            met=met,
            description="The approval is questioned, since a finding on which it rests has fallen: "
            "it is to be confirmed or revoked."
            if met
            else "The approval is not questioned: only a questioned approval can be confirmed.",
            rests_on=(decision.questioned_by,) if decision and decision.questioned_by else (),
        ),
    )


def grounds_fell(request: DeploymentRequest, context: Context) -> Verdicts:
    """A finding on which the approval rests has fallen, and the approval is not yet questioned."""
    stands = request.decision is not None and not request.decision.is_questioned
    falls = fallen(context, request)
    return (
        Verdict(
            rule="GROUNDS",
            met=stands and bool(falls),
            description="A finding on which the approval rests has fallen, and it is not yet questioned."
            if stands and falls
            else "The approval is questioned already, or every finding on which it rests still stands.",
            rests_on=(request.decision.position, *(fall.position for fall in falls)) if request.decision else (),
        ),
    )


def time_has_passed(request: DeploymentRequest, context: Context) -> Verdicts:
    """The approval's validity or the granted period is over."""
    ends = request.decision.expires_at if request.decision else None
    return (
        Verdict(
            rule="VALIDITY",
            met=ends is not None and ends <= context.now,
            description=f"The approval ends on {format_time(ends)}."
            if ends
            else "There is no approval that could end.",
            rests_on=request.decision.made_by if request.decision else (),
        ),
    )


def has_open_conditions(request: DeploymentRequest, context: Context) -> Verdicts:
    """A condition of the approval is not yet reported as fulfilled."""
    conditions = request.decision.conditions if request.decision else ()
    open_ones = [condition for condition in conditions if not condition.is_fulfilled]
    return (
        Verdict(
            rule="CONDITIONS",
            met=bool(open_ones),
            description=_open_conditions(len(open_ones), len(conditions)),
            rests_on=(request.decision.position,) if request.decision else (),
        ),
    )


def _open_conditions(still_open: int, all_of_them: int) -> str:
    if all_of_them == 0:
        return "The approval has no conditions."
    if still_open == 0:
        return "Every condition of the approval is reported as fulfilled."
    return f"Conditions of the approval not yet reported as fulfilled: {still_open} of {all_of_them}."


def _awaited(incident: Incident | None, hold: Hold, context: Context) -> tuple[Verdict, ...]:
    """Whether the finding on one awaited incident suffices: likelihood and confidence in separate sentences (ICD 203).

    Does not reveal whether the finding on an incident that the viewer may not see suffices.
    """
    if incident is None or not is_visible(incident, context):
        text = f"The hold awaits a finding on {UNSEEN}."
        return (Verdict(rule="HOLD", met=False, description=text, rests_on=(hold.position,)),)
    finding, about = incident.attribution, incident.reference
    if finding is None:
        return (_of_hold("HOLD", False, f"The hold awaits a finding on {about}, which has none.", hold, incident),)
    if not finding.is_conclusive:
        text = f"The hold awaits a finding on {about} that names who is responsible: the current one does not."
        return (_of_hold("HOLD", False, text, hold, incident),)
    if finding.to_be_reaffirmed:
        text = f"The finding on {about} is to be reaffirmed, since evidence on which it rests is withdrawn."
        return (_of_hold("HOLD", False, text, hold, incident),)
    likelihood, confidence = hold.threshold.likelihood, hold.threshold.confidence
    likely = f"Likelihood of the finding on {about}: has {in_words(finding.likelihood)}, needs {in_words(likelihood)}."
    sound = f"Confidence in the finding on {about}: has {in_words(finding.confidence)}, needs {in_words(confidence)}."
    return (
        _of_hold("HOLD_LIKELIHOOD", finding.likelihood.rank >= likelihood.rank, likely, hold, incident),
        _of_hold("HOLD_CONFIDENCE", finding.confidence.rank >= confidence.rank, sound, hold, incident),
    )


def is_undisclosed(verdict: Verdict) -> bool:
    """Whether it concerns an incident that the viewer may not see: `met` then has no meaning."""
    return verdict.rule == "HOLD" and verdict.subject is None


def _of_hold(rule: str, met: bool, description: str, hold: Hold, incident: Incident) -> Verdict:
    finding = (incident.findings[-1].position,) if incident.attribution else ()
    return Verdict(
        rule=rule,
        met=met,
        description=description,
        subject=str(incident.id),
        rests_on=(hold.position, *finding),
    )
