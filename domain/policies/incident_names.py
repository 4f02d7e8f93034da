"""How the register names an incident in the reason of a command on a request.

Everybody who may see the request can read the reason. A reason therefore names an incident, and describes its finding,
only if everybody who may see the request may see the incident too. This cannot change later: the audience of a request
is fixed, and that of an incident only grows. No reason names a responsible party.
"""

from typing import Final

from domain import visibility
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident

UNNAMED: Final = "an incident that not everybody who may see this request may see"


def is_seen_by_all_who_see(request: DeploymentRequest, incident: Incident) -> bool:
    audience = incident.audience
    if visibility.REGISTERED in audience:
        audience |= {
            visibility.authority(request.requesting_authority),
            visibility.authority(request.deciding_authority),
        }
    return visibility.EVERYBODY in audience or request.audience <= audience


def name_of(incident: Incident, request: DeploymentRequest) -> str:
    return incident.reference if is_seen_by_all_who_see(request, incident) else UNNAMED
