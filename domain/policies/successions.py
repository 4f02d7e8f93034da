"""Policy: name the authority that is to take over an undecided request, by the mandates in force."""

from typing import Final

from domain.decider import Context
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.succession import NameSuccessor, due_successor, last_change
from domain.policies.policy import Policy, calls_for
from domain.vocabulary import Text


def name_successor(request: DeploymentRequest, context: Context) -> NameSuccessor | None:
    """Only names it: the authority takes over by a decision of its own."""
    if not calls_for(NameSuccessor, request, context):
        return None
    decider, region, due = request.deciding_authority, request.region, due_successor(request, context)
    if due is None:
        reason = f"Nobody is to take over any more: {decider} decides, or no other mandate covers {region}."
    else:
        reason = f"The mandate of {decider} no longer covers {region}, and that of {due} does: it is to take over."
    return NameSuccessor(successor=due, reason=Text(reason))


NAME_SUCCESSOR: Final = Policy(name="name-successor", react=name_successor, cause=last_change)
