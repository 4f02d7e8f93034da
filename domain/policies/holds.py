"""Policies: release a hold once every awaited finding suffices; withhold again if such a finding falls."""

from collections.abc import Iterable
from typing import Final

from domain.decider import Context
from domain.deployment_request.commands import ResumeReview, WithholdRequest
from domain.deployment_request.grounds import lost_release
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.policies.policy import Policy, calls_for
from domain.vocabulary import IncidentId, Text


def release_hold(request: DeploymentRequest, context: Context) -> ResumeReview | None:
    """Back to review, never directly to approval."""
    if not calls_for(ResumeReview, request, context):
        return None
    return ResumeReview(reason=Text("There is a finding that suffices on every incident that the hold awaits."))


def withhold_again(request: DeploymentRequest, context: Context) -> WithholdRequest | None:
    """On the terms of the released hold, including its review date, for the incidents that are still named."""
    if request.release is None or not calls_for(WithholdRequest, request, context):
        return None
    hold = request.release.hold
    return WithholdRequest(
        reason=Text(
            "A finding that released the last hold no longer suffices: "
            "the review is withheld again, on the terms of that hold."
        ),
        awaiting=tuple(incident for incident in hold.awaiting if incident in request.incidents),
        minimum_likelihood=hold.threshold.likelihood,
        minimum_confidence=hold.threshold.confidence,
        review_by=hold.review_by,
    )


def last_of_hold_and_findings(request: DeploymentRequest, context: Context) -> int:
    awaiting = request.hold.awaiting if request.hold else ()
    return max((request.because[-1], *last_found(awaiting, context)))


def last_of_release_and_losses(request: DeploymentRequest, context: Context) -> int:
    return max((request.because[-1], *last_found(lost_release(context, request), context)))


def last_found(incidents: Iterable[IncidentId], context: Context) -> tuple[int, ...]:
    """The position of the last finding or retraction on each incident."""
    states = context.read_all(Incident, incidents)
    return tuple(state.findings[-1].position for state in states if state is not None and state.findings)


RELEASE_HOLD: Final = Policy(name="release-hold", react=release_hold, cause=last_of_hold_and_findings)
WITHHOLD_AGAIN: Final = Policy(name="withhold-again", react=withhold_again, cause=last_of_release_and_losses)
