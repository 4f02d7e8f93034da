"""A Strawberry application on the peers' tables: SQLAlchemy Core, without tokens, visibility or positions."""

from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import strawberry
from sqlalchemy import Row, bindparam, column, select, table
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache

T = TypeVar("T")
Info = strawberry.Info[dict[str, AsyncEngine], None]

REQUESTS: Final = table(
    "deployment_requests",
    *map(column, ("id", "reference", "version", "status", "force", "strength", "region", "purpose")),
    *map(column, ("requesting_authority", "submitted_at")),
    schema="peers",
)
EVENTS: Final = table(
    "events",
    *map(column, ("request", "position", "version", "type", "recorded_at", "reason")),
    *map(column, ("actor_subject", "actor_authority")),
    schema="peers",
)
BY_ID: Final = select(REQUESTS).where(REQUESTS.c.id == bindparam("id"))
PAGE: Final = (
    select(REQUESTS)
    .where(REQUESTS.c.status.in_(bindparam("status", expanding=True)))
    .order_by(REQUESTS.c.submitted_at.desc(), REQUESTS.c.id.desc())
    .limit(bindparam("limit"))
)
HISTORY: Final = (
    select(EVENTS).where(EVENTS.c.request == bindparam("request")).order_by(EVENTS.c.position).limit(bindparam("limit"))
)


@strawberry.enum
class RequestStatus(Enum):
    SUBMITTED = "SUBMITTED"
    UNDER_REVIEW = "UNDER_REVIEW"
    WITHHELD_PENDING_ATTRIBUTION = "WITHHELD_PENDING_ATTRIBUTION"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


@strawberry.type
class Edge(Generic[T]):
    node: T


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo


@strawberry.type
class Actor:
    subject: str
    authority: str


@strawberry.type
class RecordedEvent:
    position: strawberry.ID
    version: int
    type: str
    recorded_at: datetime
    reason: str | None
    actor: Actor


@strawberry.type
class Authority:
    code: str


@strawberry.type
class DeploymentRequest:
    id: strawberry.ID
    reference: str
    version: int
    status: RequestStatus
    force: str
    strength: int
    region: str
    purpose: str
    requesting_authority: Authority

    @strawberry.field
    async def history(self, info: Info, first: int = 20) -> Connection[RecordedEvent]:
        rows = await _rows(info, HISTORY, request=UUID(self.id), limit=first + 1)
        return _connection([_event(row) for row in rows], first)


@strawberry.input
class DeploymentRequestFilter:
    status: list[RequestStatus]


@strawberry.type
class Query:
    @strawberry.field
    async def deployment_request(self, info: Info, id: strawberry.ID) -> DeploymentRequest | None:
        rows = await _rows(info, BY_ID, id=UUID(id))
        return _request(rows[0]) if rows else None

    @strawberry.field
    async def deployment_requests(
        self, info: Info, filter: DeploymentRequestFilter, first: int = 20
    ) -> Connection[DeploymentRequest]:
        rows = await _rows(info, PAGE, status=[status.value for status in filter.status], limit=first + 1)
        return _connection([_request(row) for row in rows], first)


class Application(GraphQL[dict[str, AsyncEngine], None]):
    def __init__(self, url: str, *, cached: bool) -> None:
        """cached: whether parsed and validated documents are kept, which Strawberry does not do by default."""
        super().__init__(strawberry.Schema(Query, extensions=[ParserCache, ValidationCache] if cached else []))
        async_url = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self._context = {"engine": create_async_engine(async_url, pool_size=10, isolation_level="AUTOCOMMIT")}

    async def get_context(self, request: Any, response: Any) -> dict[str, AsyncEngine]:
        return self._context


async def _rows(info: Info, statement: Any, **values: object) -> list[Row[Any]]:
    async with info.context["engine"].connect() as connection:
        return list((await connection.execute(statement, values)).all())


def _connection(nodes: list[T], first: int) -> Connection[T]:
    return Connection(
        edges=[Edge(node=node) for node in nodes[:first]], page_info=PageInfo(has_next_page=len(nodes) > first)
    )


def _request(row: Row[Any]) -> DeploymentRequest:
    return DeploymentRequest(
        id=strawberry.ID(str(row.id)),
        reference=row.reference,
        version=row.version,
        status=RequestStatus(row.status),
        force=row.force,
        strength=row.strength,
        region=row.region,
        purpose=row.purpose,
        requesting_authority=Authority(code=row.requesting_authority),
    )


def _event(row: Row[Any]) -> RecordedEvent:
    return RecordedEvent(
        position=strawberry.ID(str(row.position)),
        version=row.version,
        type=row.type,
        recorded_at=row.recorded_at,
        reason=row.reason,
        actor=Actor(subject=row.actor_subject, authority=row.actor_authority),
    )
