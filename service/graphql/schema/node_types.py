"""Creates the API node of a domain state."""

from domain.authority import Authority as AuthorityState
from domain.deployment_request.state import DeploymentRequest as RequestState
from domain.incident.state import Incident as IncidentState
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.incidents.types import Incident
from service.graphql.schema.pagination import Node
from service.graphql.schema.requests.types import DeploymentRequest


def as_node(state: RequestState | IncidentState | AuthorityState, loaders: Loaders) -> Node:
    match state:
        case RequestState():
            return DeploymentRequest.of(state, loaders)
        case IncidentState():
            return Incident.of(state, loaders)
        case AuthorityState():
            return Authority.of(state, loaders)
