"""Who may see a deployment request: its audience is in `state.py`."""

from domain import authority
from domain.decider import Context
from domain.deployment_request.state import DeploymentRequest
from domain.visibility import viewer


def is_visible(request: DeploymentRequest, context: Context) -> bool:
    """Whether the actor may see it."""
    registered = context.actor.is_system or authority.find(context, context.actor.authority) is not None
    return viewer(context.actor, registered=registered, holds=()).sees(request.audience)
