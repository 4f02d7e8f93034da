"""The commands that a line may name: the API's mutations, each with what it is about."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from domain import authority, jurisdiction
from domain.deployment_request import commands as request
from domain.incident import commands as incident


class Kind(StrEnum):
    """What a history is of, in the order in which a file is read: a later one may rest on an earlier one."""

    AUTHORITY = "authority"
    INCIDENT = "incident"
    REQUEST = "deployment request"


COMMANDS: Final[Mapping[str, tuple[type[Any], Kind]]] = MappingProxyType(
    {
        "registerAuthority": (authority.RegisterAuthority, Kind.AUTHORITY),
        "grantMandate": (jurisdiction.GrantMandate, Kind.AUTHORITY),
        "endMandate": (jurisdiction.EndMandate, Kind.AUTHORITY),
        "reportIncident": (incident.ReportIncident, Kind.INCIDENT),
        "recordEvidence": (incident.RecordEvidence, Kind.INCIDENT),
        "attributeIncident": (incident.AttributeIncident, Kind.INCIDENT),
        "retractAttribution": (incident.RetractAttribution, Kind.INCIDENT),
        "referIncident": (incident.ReferIncident, Kind.INCIDENT),
        "submitDeploymentRequest": (request.SubmitRequest, Kind.REQUEST),
        "amendDeploymentRequest": (request.AmendRequest, Kind.REQUEST),
        "withdrawDeploymentRequest": (request.WithdrawRequest, Kind.REQUEST),
        "beginReview": (request.BeginReview, Kind.REQUEST),
        "withholdDeploymentRequest": (request.WithholdRequest, Kind.REQUEST),
        "resumeReview": (request.ResumeReview, Kind.REQUEST),
        "endorseDeploymentRequest": (request.EndorseRequest, Kind.REQUEST),
        "recuseFromDeploymentRequest": (request.RecuseReviewer, Kind.REQUEST),
        "approveDeploymentRequest": (request.ApproveRequest, Kind.REQUEST),
        "denyDeploymentRequest": (request.DenyRequest, Kind.REQUEST),
        "confirmApproval": (request.ConfirmApproval, Kind.REQUEST),
        "revokeApproval": (request.RevokeApproval, Kind.REQUEST),
        "reportFulfilment": (request.ReportFulfilment, Kind.REQUEST),
        "remarkOnDeploymentRequest": (request.RemarkOnRequest, Kind.REQUEST),
    }
)
