"""The amendment of a request: its event, and what the command is checked against."""

from domain import jurisdiction, region
from domain.decider import Context
from domain.deployment_request import events
from domain.deployment_request.commands import AmendRequest
from domain.deployment_request.events import Event
from domain.deployment_request.grounds import unseen_incidents
from domain.deployment_request.input_checks import can_be_named
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.incident.visibility import is_visible
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import joined


def amend(command: AmendRequest, request: DeploymentRequest, context: Context) -> tuple[Event, ...]:
    """Keeps the incidents that the actor may not see: they cannot drop them. A new region brings the terms of its
    mandate: how many endorsements an approval needs, and whether somebody is heard first."""
    incidents = command.incidents
    unseen = unseen_incidents(request, context) if incidents is not None else ()
    mandate = None if command.region is None else jurisdiction.deciding_mandate(context, command.region)
    return (
        events.RequestAmended(
            force=command.force,
            strength=command.strength,
            purpose=command.purpose,
            period=command.period,
            incidents=None if incidents is None else tuple(dict.fromkeys((*incidents, *unseen))),
            reason=command.reason,
            region=command.region,
            endorsements_required=mandate.endorsements_required if mandate else None,
            hearing=mandate.hearing if mandate else None,
        ),
    )


def region_is_known(command: AmendRequest, request: DeploymentRequest, context: Context) -> Problems:
    """An amended region is registered, as for a submission."""
    if command.region is not None:
        yield from region.is_known_region(command.region, context)


def same_authority_decides(command: AmendRequest, request: DeploymentRequest, context: Context) -> Problems:
    """The deciding authority decides on an amended region, too. Otherwise: withdraw it, and submit another."""
    if command.region is None:
        return
    mandate, decider = jurisdiction.deciding_mandate(context, command.region), request.deciding_authority
    if mandate is None:
        message = f"No mandate covers '{command.region}': name a region that {decider} decides on."
        yield FieldProblem(path="region", message=message)
    elif mandate.authority != decider:
        whose = f"{mandate.authority} decides on '{command.region}', and {decider} on this request"
        message = f"{whose}: withdraw it, and submit another for that region."
        yield FieldProblem(path="region", message=message)


def incidents_can_be_named(command: AmendRequest, request: DeploymentRequest, context: Context) -> Problems:
    """The actor and, except for RED incidents, the deciding authority may see the incidents that it adds."""
    added = (incident for incident in command.incidents or () if incident not in request.incidents)
    yield from can_be_named(added, request.deciding_authority, context)


def keeps_what_a_hold_awaits(command: AmendRequest, request: DeploymentRequest, context: Context) -> Problems:
    """It keeps the incidents that a hold awaits, or whose findings released the last hold."""
    hold = request.hold or (request.release.hold if request.release else None)
    if hold is None or command.incidents is None:
        return
    dropped = [
        incident.reference
        for incident in context.read_all(Incident, (each for each in hold.awaiting if each in request.incidents))
        if incident is not None and incident.id not in command.incidents and is_visible(incident, context)
    ]
    if not dropped:
        return
    names = joined(dropped, "and")
    yield FieldProblem(
        path="incidents",
        message=f"The hold awaits a finding on {names}: name it too."
        if request.hold is not None
        else f"The review was resumed because of a finding on {names}: name it too. Only {request.deciding_authority} "
        "can release it, by a new hold that it ends itself.",
    )
