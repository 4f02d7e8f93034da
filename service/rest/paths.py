"""The paths at which trusted documents are read."""

from dataclasses import dataclass
from typing import Final

ROOT: Final = "/api"


@dataclass(frozen=True, slots=True)
class DocumentPath:
    """path: below ROOT. A path parameter is a variable of the document."""

    path: str
    document: str


PATHS: Final = (
    DocumentPath("/requests", "deployment-requests"),
    DocumentPath("/requests/{reference}", "deployment-request"),
    DocumentPath("/requests/{reference}/history", "deployment-request-history"),
    DocumentPath("/requests/{reference}/explanation", "deployment-request-explanation"),
    DocumentPath("/requests/{reference}/changes", "deployment-request-changes"),
    DocumentPath("/incidents", "incidents"),
    DocumentPath("/incidents/{reference}", "incident"),
    DocumentPath("/incidents/{reference}/history", "incident-history"),
    DocumentPath("/inbox", "inbox"),
    DocumentPath("/deputies", "deputies"),
    DocumentPath("/trail", "audit-trail"),
    DocumentPath("/events/{position}", "event"),
    DocumentPath("/event-types", "event-types"),
    DocumentPath("/access-log", "access-log"),
    DocumentPath("/situation", "situation"),
    DocumentPath("/authorities", "authorities"),
    DocumentPath("/regions", "regions"),
    DocumentPath("/region", "region"),
    DocumentPath("/webhook-endpoints", "webhook-endpoints"),
    DocumentPath("/mail-subscriptions", "mail-subscriptions"),
    DocumentPath("/projections", "projections"),
    DocumentPath("/viewer", "viewer"),
)
