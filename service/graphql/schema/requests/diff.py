"""Differences between two versions of a request that the viewer may see."""

import asyncio
from typing import TYPE_CHECKING

from domain.deployment_request.state import DeploymentRequest
from projections.rows.audit_entries import difference, visible_changes
from service.graphql.execution.field_charges import RULES
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.audit_trail import presentation

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import FieldChange


async def differences(
    request: DeploymentRequest, from_version: int, to_version: int | None, loaders: Loaders
) -> list["FieldChange"]:
    """The changes between two existing versions. Raises BadUserInput for others."""
    before, after = await asyncio.gather(
        _at("fromVersion", from_version, request, loaders),
        _at("toVersion", request.version if to_version is None else to_version, request, loaders),
    )
    await loaders.pace.point(RULES)
    changes, mentions = difference(before, after)
    seen = await presentation.visible_mentions(mentions, loaders)
    return presentation.changes(visible_changes(changes, mentions, seen))


async def _at(argument: str, version: int, request: DeploymentRequest, loaders: Loaders) -> DeploymentRequest:
    if version == request.version:
        return request
    found = await loaders.versions.load((request.id, version)) if 0 < version < request.version else None
    if found is None:
        raise BadUserInput(argument, f"The request has versions 1 to {request.version}, and no version {version}.")
    return found[1]
