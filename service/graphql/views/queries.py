"""How the read models do."""

from datetime import datetime
from enum import StrEnum
from typing import Self

import strawberry

from domain.vocabulary import Role
from projections import checkpoints
from projections.checkpoints import FollowerState, Progress, Status
from service.graphql.context import Info
from service.graphql.scalars import Position


@strawberry.enum(
    description=(
        "RUNNING: it follows the events. STOPPED: nobody follows for it. REBUILDING: it is built anew, while the rows "
        "that it has go on being served. FAILED: an event could not be applied."
    )
)
class ProjectionState(StrEnum):
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    REBUILDING = "REBUILDING"
    FAILED = "FAILED"


@strawberry.type(description="How far a rebuild is, in events.")
class RebuildProgress:
    processed: int
    total: int
    events_per_second: float
    seconds_remaining: float | None
    started_at: datetime

    @classmethod
    def of(cls, progress: Progress) -> Self:
        return cls(
            processed=progress.processed,
            total=progress.total,
            events_per_second=progress.events_per_second,
            seconds_remaining=progress.seconds_remaining,
            started_at=progress.started_at,
        )


@strawberry.type(description="A read model and how far it is behind the events.")
class ProjectionStatus:
    name: str
    position: Position
    lag: int = strawberry.field(description="Events that it has not applied.")
    lag_seconds: float = strawberry.field(
        description="Seconds since the oldest event that it has not applied; 0 when none."
    )
    state: ProjectionState
    parked: int = strawberry.field(description="Streams set aside because an event of theirs could not be applied.")
    last_error: str | None = strawberry.field(description="For administrators alone.")
    rebuild: RebuildProgress | None

    @classmethod
    def of(cls, status: Status, *, with_errors: bool) -> Self:
        return cls(
            name=status.view,
            position=Position(status.position),
            lag=status.lag,
            lag_seconds=status.lag_seconds,
            state=_state(status),
            parked=status.parked,
            last_error=status.last_error if with_errors else None,
            rebuild=RebuildProgress.of(status.rebuild) if status.rebuild else None,
        )


@strawberry.type
class ViewQueries:
    @strawberry.field(description="Every read model, for everybody with a token; lastError for administrators alone.")
    async def projections(self, info: Info) -> list[ProjectionStatus]:
        statuses = await info.context.sources().rows(lambda sight: checkpoints.statuses())
        with_errors = Role.ADMINISTRATOR in info.context.actor.roles
        return [ProjectionStatus.of(status, with_errors=with_errors) for status in statuses]


def _state(status: Status) -> ProjectionState:
    if status.state is FollowerState.FAILED:
        return ProjectionState.FAILED
    if status.rebuild is not None:
        return ProjectionState.REBUILDING
    return ProjectionState.RUNNING if status.led else ProjectionState.STOPPED
