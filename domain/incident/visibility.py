"""Who may see an incident: its audience is in `state.py`."""

from domain import authority, jurisdiction
from domain.decider import Context
from domain.incident.state import Incident
from domain.visibility import Viewer
from domain.vocabulary import Actor


def viewer_of(context: Context, incident: Incident) -> Viewer:
    """The actor as a viewer of this incident."""
    return viewer_for(context, context.actor, incident)


def viewer_for(context: Context, actor: Actor, incident: Incident) -> Viewer:
    if actor.is_system:
        return authority.viewer(context, actor)
    held = (
        mandate.region
        for mandate in jurisdiction.mandates_over(context, incident.region)
        if mandate.authority == actor.authority
    )
    return authority.viewer(context, actor, held)


def is_visible(incident: Incident, context: Context) -> bool:
    if context.seen is not None:
        return incident.id in context.seen
    return viewer_of(context, incident).sees(incident.audience)
