"""Policies: question an approval whose grounds have fallen; expire an approval whose time has passed."""

from typing import Final

from domain.decider import Context
from domain.deployment_request.commands import ExpireApproval, QuestionApproval
from domain.deployment_request.grounds import fallen
from domain.deployment_request.state import DeploymentRequest
from domain.policies.policy import Policy, calls_for
from domain.vocabulary import Text, format_time


def question_approval(request: DeploymentRequest, context: Context) -> QuestionApproval | None:
    """Only questions the approval, never ends it: forces may be on the ground."""
    if not calls_for(QuestionApproval, request, context):
        return None
    return QuestionApproval(
        reason=Text(
            "A finding on which the approval rests no longer stands. "
            f"An approver of {request.deciding_authority} is to confirm or to revoke it."
        )
    )


def expire_approval(request: DeploymentRequest, context: Context) -> ExpireApproval | None:
    if request.expires_at is None or not calls_for(ExpireApproval, request, context):
        return None
    return ExpireApproval(reason=Text(f"The approval ended on {format_time(request.expires_at)}."))


def fall_of_a_ground(request: DeploymentRequest, context: Context) -> int:
    return max((what_was_decided(request, context), *(fall.position for fall in fallen(context, request))))


def what_was_decided(request: DeploymentRequest, context: Context) -> int:
    """The event that led to its status: the approval."""
    return request.because[-1]


def what_set_its_end(request: DeploymentRequest, context: Context) -> int:
    """The approval, or the extension that was granted last."""
    return max(request.decision.made_by) if request.decision else request.because[-1]


QUESTION_APPROVAL: Final = Policy(name="question-approval", react=question_approval, cause=fall_of_a_ground)
EXPIRE_APPROVAL: Final = Policy(name="expire-approval", react=expire_approval, cause=what_set_its_end)
