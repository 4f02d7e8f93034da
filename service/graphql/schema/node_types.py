"""Creates the API node of a domain state."""

from collections.abc import Mapping
from typing import Any, Final, cast

from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.incidents.types import Incident
from service.graphql.schema.node_lookup import AUTHORITY, INCIDENT, REQUEST
from service.graphql.schema.pagination import Node
from service.graphql.schema.requests.types import DeploymentRequest

KINDS: Final[Mapping[str, Any]] = {REQUEST: DeploymentRequest, INCIDENT: Incident, AUTHORITY: Authority}


def as_node(kind: str, state: Any, loaders: Loaders) -> Node:
    """The node of a type. state: the subject's, or a part of it, or a ParkedState."""
    return cast("Node", KINDS[kind].of(state, loaders))
