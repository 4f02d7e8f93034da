"""Every view, listed once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from projections import authorities, checkpoints, deployment_requests, incidents, people
from projections.view import View

__all__ = ["VIEWS", "VIEW_OF", "checkpoints", "people"]

VIEWS: Final[tuple[View, ...]] = (deployment_requests.VIEW, incidents.VIEW, authorities.VIEW)

VIEW_OF: Final[Mapping[str, View]] = MappingProxyType({view.name: view for view in VIEWS})
