"""The commands that a line may use: mutations of the API, each with its kind of history."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from domain import authority, jurisdiction
from domain.deployment_request import commands as request
from domain.incident import commands as incident


class HistoryKind(StrEnum):
    """The subject of a history, in import order: later kinds may depend on earlier ones."""

    AUTHORITY = "authority"
    INCIDENT = "incident"
    REQUEST = "deployment request"


COMMANDS: Final[Mapping[str, tuple[type[Any], HistoryKind]]] = MappingProxyType(
    {
        "registerAuthority": (authority.RegisterAuthority, HistoryKind.AUTHORITY),
        "grantMandate": (jurisdiction.GrantMandate, HistoryKind.AUTHORITY),
        "endMandate": (jurisdiction.EndMandate, HistoryKind.AUTHORITY),
        "reportIncident": (incident.ReportIncident, HistoryKind.INCIDENT),
        "recordEvidence": (incident.RecordEvidence, HistoryKind.INCIDENT),
        "attributeIncident": (incident.AttributeIncident, HistoryKind.INCIDENT),
        "retractAttribution": (incident.RetractAttribution, HistoryKind.INCIDENT),
        "referIncident": (incident.ReferIncident, HistoryKind.INCIDENT),
        "submitDeploymentRequest": (request.SubmitRequest, HistoryKind.REQUEST),
        "amendDeploymentRequest": (request.AmendRequest, HistoryKind.REQUEST),
        "withdrawDeploymentRequest": (request.WithdrawRequest, HistoryKind.REQUEST),
        "beginReview": (request.BeginReview, HistoryKind.REQUEST),
        "withholdDeploymentRequest": (request.WithholdRequest, HistoryKind.REQUEST),
        "resumeReview": (request.ResumeReview, HistoryKind.REQUEST),
        "endorseDeploymentRequest": (request.EndorseRequest, HistoryKind.REQUEST),
        "recuseFromDeploymentRequest": (request.RecuseReviewer, HistoryKind.REQUEST),
        "approveDeploymentRequest": (request.ApproveRequest, HistoryKind.REQUEST),
        "denyDeploymentRequest": (request.DenyRequest, HistoryKind.REQUEST),
        "confirmApproval": (request.ConfirmApproval, HistoryKind.REQUEST),
        "revokeApproval": (request.RevokeApproval, HistoryKind.REQUEST),
        "reportFulfilment": (request.ReportFulfilment, HistoryKind.REQUEST),
        "remarkOnDeploymentRequest": (request.RemarkOnRequest, HistoryKind.REQUEST),
    }
)
