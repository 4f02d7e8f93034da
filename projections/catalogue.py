"""Every view, listed once."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Table

from projections.tables import checkpoints, deliveries, parked, rebuild_copies
from projections.tables.view import View
from projections.views import (
    audit_trail,
    authorities,
    deployment_requests,
    incidents,
    mail_subscriptions,
    regions,
    situation,
    webhook_endpoints,
)

VIEWS: Final[tuple[View, ...]] = (
    deployment_requests.VIEW,
    incidents.VIEW,
    authorities.VIEW,
    audit_trail.VIEW,
    situation.VIEW,
    regions.VIEW,
    webhook_endpoints.VIEW,
    mail_subscriptions.VIEW,
)

VIEW_OF: Final[Mapping[str, View]] = MappingProxyType({view.name: view for view in VIEWS})

TABLES: Final[tuple[Table, ...]] = (
    checkpoints.table,
    checkpoints.rebuilds,
    checkpoints.rebuild_requests,
    checkpoints.rebuild_outcomes,
    rebuild_copies.table,
    rebuild_copies.loaded,
    parked.streams,
    parked.events,
    deliveries.table,
    deliveries.endpoints,
    *(table for view in VIEWS for table in view.tables),
)
"""All tables that migrations create for views."""
