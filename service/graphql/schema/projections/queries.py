"""Status of the views."""

from datetime import datetime
from enum import StrEnum
from typing import Self

import strawberry

from domain.vocabulary import Role
from projections.catalogue import VIEW_OF
from projections.reading import view_status
from projections.reading.view_status import ProgressReport, ViewStatus
from projections.rebuilding import rebuild_queue
from projections.rebuilding.rebuild_queue import RebuildEnd, RebuildOutcome
from projections.tables.checkpoints import FollowerState, RebuildStep
from service.graphql.schema.context import Info
from service.graphql.schema.scalars import Position


@strawberry.enum(
    description=(
        "RUNNING: a follower applies the events. STOPPED: no follower is active. REBUILDING: it is rebuilt, "
        "while its current rows are served. FAILED: an event could not be applied."
    )
)
class ProjectionState(StrEnum):
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    REBUILDING = "REBUILDING"
    FAILED = "FAILED"


strawberry.enum(
    RebuildStep,
    name="RebuildStep",
    description=(
        "LOADING: folds events and loads their rows. INDEXING: computes derived data and builds indexes. CATCHING_UP: "
        "applies what was recorded meanwhile. COMPARING: compares its rows with the served ones. SWAPPING: "
        "replaces the served rows."
    ),
)
strawberry.enum(
    RebuildOutcome,
    name="RebuildOutcome",
    description=(
        "SWAPPED: the new rows are served. REFUSED: rows differ from the served ones. CANCELLED: by an "
        "operator. POSTPONED: it could not be swapped now, and is retried automatically. FAILED: see the "
        "worker's log and 'mandate status'. Except for SWAPPED, nothing changed."
    ),
)


@strawberry.type(description="Progress of a rebuild, in events.")
class RebuildProgress:
    processed: int
    total: int
    events_per_second: float
    seconds_remaining: float | None = strawberry.field(
        description="Until all events are read; null if unknown, and while no events are being read."
    )
    started_at: datetime
    step: RebuildStep | None = strawberry.field(description="Null if the worker has an older version.")

    @classmethod
    def of(cls, progress: ProgressReport) -> Self:
        return cls(
            processed=progress.processed,
            total=progress.total,
            events_per_second=progress.events_per_second,
            seconds_remaining=progress.seconds_remaining,
            started_at=progress.started_at,
            step=progress.step,
        )


@strawberry.type(description="How a rebuild ended.")
class RebuildEnded:
    outcome: RebuildOutcome
    ended_at: datetime
    version: int = strawberry.field(description="The version of the view's code that built the new rows.")
    differing: int = strawberry.field(
        description="Number of rows that differ from the served ones. 'mandate status' shows the first of them."
    )

    @classmethod
    def of(cls, ended: RebuildEnd) -> Self:
        return cls(outcome=ended.outcome, ended_at=ended.ended_at, version=ended.version, differing=ended.differing)


@strawberry.type(description="A view (read model) and how far it is behind the events.")
class ProjectionStatus:
    name: str
    position: Position
    lag: int = strawberry.field(description="Number of events that it has not applied.")
    lag_seconds: float = strawberry.field(
        description="Seconds since the oldest event that it has not applied; 0 when none."
    )
    state: ProjectionState
    parked: int = strawberry.field(description="Number of parked streams: an event of theirs could not be applied.")
    last_error: str | None = strawberry.field(description="Only for administrators.")
    rebuild: RebuildProgress | None = strawberry.field(description="Only during a rebuild or a comparison.")
    last_rebuild: RebuildEnded | None = strawberry.field(
        description="The result of the last rebuild by a worker, or by the command line if that one was swapped."
    )

    @classmethod
    def of(cls, status: ViewStatus, ended: RebuildEnd | None, *, with_errors: bool) -> Self:
        return cls(
            name=status.view,
            position=Position(status.position),
            lag=status.lag,
            lag_seconds=status.lag_seconds,
            state=_state(status),
            parked=status.parked,
            last_error=status.last_error if with_errors else None,
            rebuild=RebuildProgress.of(status.rebuild) if status.rebuild else None,
            last_rebuild=RebuildEnded.of(ended) if ended else None,
        )


async def projections(info: Info) -> list[ProjectionStatus]:
    loaders = info.context.loaders()
    statuses = await loaders.rows(lambda scope: view_status.statuses(tuple(VIEW_OF)))
    ended = {each.view: each for each in await loaders.rows(lambda scope: rebuild_queue.ended())}
    with_errors = Role.ADMINISTRATOR in info.context.actor.roles
    return [ProjectionStatus.of(each, ended.get(each.view), with_errors=with_errors) for each in statuses]


async def never_followed(info: Info) -> set[str]:
    """The views that no follower has begun to fill."""
    statuses = await info.context.loaders().rows(lambda scope: view_status.statuses(tuple(VIEW_OF)))
    return {each.view for each in statuses if each.version is None}


@strawberry.type
class ViewQueries:
    @strawberry.field(description="All views, for everybody with a token; lastError only for administrators.")
    async def projections(self, info: Info) -> list[ProjectionStatus]:
        return await projections(info)


def _state(status: ViewStatus) -> ProjectionState:
    if status.state is FollowerState.FAILED:
        return ProjectionState.FAILED
    if status.rebuild is not None and status.rebuild.swaps:
        return ProjectionState.REBUILDING
    return ProjectionState.RUNNING if status.led else ProjectionState.STOPPED
