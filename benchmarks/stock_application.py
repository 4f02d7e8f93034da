"""The stock library as its tutorial shows it: an aggregate with decorated methods, an application that saves it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event


class StockRequest(Aggregate):
    """A deployment request as an aggregate of the library, without rules."""

    @event("Submitted")
    def __init__(self, authority: str, by: str, force: str, strength: int, region: str, purpose: str) -> None:
        self.authority = authority
        self.by = by
        self.force = force
        self.strength = strength
        self.region = region
        self.purpose = purpose
        self.status = "SUBMITTED"
        self.remarks = 0

    @event("Remarked")
    def remark(self, authority: str, by: str, reason: str) -> None:
        self.remarks += 1


class StockRegister(Application[UUID]):
    """With the library's default recorder, mapper and JSON transcoder."""

    def submit(self, authority: str, by: str, force: str, strength: int, region: str, purpose: str) -> UUID:
        request = StockRequest(authority, by, force, strength, region, purpose)
        self.save(request)
        return request.id

    def remark(self, request_id: UUID, authority: str, by: str, reason: str) -> int:
        request: StockRequest = self.repository.get(request_id)
        request.remark(authority, by, reason)
        self.save(request)
        return request.version


def environment(url: str, **more: str) -> dict[str, Any]:
    """The library's settings for a libpq URL of the embedded server."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.lstrip("/"),
        "POSTGRES_HOST": query["host"][0],
        "POSTGRES_PORT": query["port"][0],
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": "not asked for",
        **more,
    }
