"""The commands that a line may use: every mutation of the API, each with its kind of history."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, DEPUTIES, INCIDENT, JURISDICTION, REGION_PARTS
from domain.deployment_request.commands import RecuseReviewer


class HistoryKind(StrEnum):
    """The subject of a history, in import order: later kinds may depend on earlier ones."""

    AUTHORITY = "authority"
    INCIDENT = "incident"
    REQUEST = "deployment request"


KINDS: Final = (
    (AUTHORITY, HistoryKind.AUTHORITY),
    (JURISDICTION, HistoryKind.AUTHORITY),
    (DEPUTIES, HistoryKind.AUTHORITY),
    (REGION_PARTS, HistoryKind.AUTHORITY),
    (INCIDENT, HistoryKind.INCIDENT),
    (DEPLOYMENT_REQUEST, HistoryKind.REQUEST),
)


def mutation_of(command: type[Any]) -> str:
    """The mutation of a command: 'withdrawDeploymentRequest' for WithdrawRequest."""
    if command is RecuseReviewer:
        return "recuseFromDeploymentRequest"
    name = command.__name__.replace("Request", "DeploymentRequest")
    return name[0].lower() + name[1:]


COMMANDS: Final[Mapping[str, tuple[type[Any], HistoryKind]]] = MappingProxyType(
    {mutation_of(command): (command, kind) for aggregate, kind in KINDS for command in aggregate.commands}
)
