"""Creates the API node of a domain state."""

from collections.abc import Mapping
from typing import Any, cast

from domain.authority import Authority as AuthorityState
from domain.deployment_request.state import DeploymentRequest as RequestState
from domain.incident.state import Incident as IncidentState
from service.graphql.loaders.loaders import Loaders
from service.graphql.loaders.parked import ParkedState
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.incidents.types import Incident
from service.graphql.schema.node_lookup import INCIDENT, REQUEST
from service.graphql.schema.pagination import Node
from service.graphql.schema.requests.types import DeploymentRequest


def as_node(state: RequestState | IncidentState | AuthorityState | ParkedState, loaders: Loaders) -> Node:
    match state:
        case ParkedState():
            kinds: Mapping[str, Any] = {REQUEST: DeploymentRequest, INCIDENT: Incident}
            return cast("Node", kinds[state.kind].of(state, loaders))
        case RequestState():
            return DeploymentRequest.of(state, loaders)
        case IncidentState():
            return Incident.of(state, loaders)
        case AuthorityState():
            return Authority.of(state, loaders)
