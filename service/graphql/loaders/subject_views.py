"""The views of requests and incidents."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar
from uuid import UUID

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from projections import deployment_requests, incidents
from projections.reading.queries import Query, ViewerScope

S = TypeVar("S", DeploymentRequest, Incident)


@dataclass(frozen=True, slots=True)
class SubjectView(Generic[S]):
    """A view: its name, and its queries of single subjects."""

    name: str
    by_ids: Callable[[ViewerScope, Iterable[UUID]], Query[S]]
    by_references: Callable[[ViewerScope, Iterable[str]], Query[S]]


REQUESTS: Final = SubjectView(deployment_requests.NAME, deployment_requests.by_ids, deployment_requests.by_references)
INCIDENTS: Final = SubjectView(incidents.NAME, incidents.by_ids, incidents.by_references)
