"""Queries of the policies: requests that rest on an incident, that expire, or that another authority takes over."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Event
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from domain.jurisdiction import Jurisdiction
from domain.vocabulary import IncidentId, RequestId
from projections.reading import parked_streams
from projections.reading.queries import EVERYTHING, Query
from projections.tables import checkpoints
from projections.tables.stored_events import events
from projections.views import authorities, deployment_requests, successions
from service.errors import Unavailable, first_line

T = TypeVar("T")

VIEW_TIMEOUT: Final = 10.0
"""Seconds to wait for the view."""
POLL_INTERVAL: Final = 0.01
BATCH_SIZE: Final = 100
MandatesInForce = frozenset[tuple[int, int | None, bool]]
"""Of each mandate, where it was granted and ended, and whether it is valid now."""
_HEAD: Final = select(func.coalesce(func.max(events.c.notification_id), 0))


class PolicyQueries:
    """Raises Unavailable if the database does not answer, or the view is too far behind."""

    def __init__(self, url: str, stop: Event) -> None:
        """stop: ends waiting."""
        self._engine = _engine(url)
        self._stop = stop
        self._settled: MandatesInForce | None = None
        self._seen: tuple[MandatesInForce, int | None] | None = None
        self._jurisdictions: list[Jurisdiction] = []
        self._jurisdictions_at: int | None = None

    def affected_requests(self, incident: IncidentId, position: int) -> list[RequestId]:
        """The requests that name the incident, at least as of the position, and the parked ones."""
        self._wait_for(position)
        resting = [request.id for request in self._run(deployment_requests.resting_on(EVERYTHING, [incident]))]
        return [*resting, *self.parked()]

    def expiring(self, now: datetime, excluded: Collection[RequestId]) -> list[RequestId]:
        """The requests whose approval has expired, oldest expiry first.

        excluded: requests to leave out. They are handled separately and do not delay others, however many they are.
        """
        expired = self._run(deployment_requests.expiring(now, BATCH_SIZE + len(excluded)))
        return [request.id for _, request in expired if request.id not in excluded]

    def superseded(self, now: datetime, excluded: Collection[RequestId]) -> list[RequestId]:
        """The requests whose recorded successor is another than by the mandates in force.

        Asks for them if a mandate was granted, has begun or has ended since none was left. excluded: requests to leave
        out.
        """
        jurisdictions = self._all_jurisdictions()
        in_force = frozenset(
            (each.granted_at, each.ended_by, each.is_valid(now)) for state in jurisdictions for each in state.mandates
        )
        if in_force == self._settled:
            return []
        is_complete = self._has_all_since(in_force)
        found = [
            request.id
            for ended in successions.ended(jurisdictions, now)
            for request in self._run(successions.undecided(ended))
            if request.id not in excluded and successions.is_superseded(request, jurisdictions, now)
        ]
        if not found and is_complete:
            self._settled = in_force
        return list(dict.fromkeys(found))

    def _has_all_since(self, in_force: MandatesInForce) -> bool:
        """Whether the view of requests has what was recorded before these mandates were seen twice: what was decided
        by others may still be recorded when they are seen first."""
        if self._seen is None or self._seen[0] != in_force:
            self._seen = in_force, None
            return False
        head = self._seen[1]
        if head is None:
            with _outages_as_unavailable(), self._engine.connect() as connection:
                head = connection.execute(_HEAD).scalar_one()
            self._seen = in_force, head
        return self._reached() >= head

    def _reached(self) -> int:
        """The position of the view of requests."""
        at = select(checkpoints.reached).where(checkpoints.table.c.view == deployment_requests.NAME)
        with _outages_as_unavailable(), self._engine.connect() as connection:
            return connection.execute(at).scalar() or 0

    def _all_jurisdictions(self) -> list[Jurisdiction]:
        """Read again only once their view has moved on."""
        table = checkpoints.table
        at = select(checkpoints.reached).where(table.c.view == authorities.NAME)
        with _outages_as_unavailable(), self._engine.connect() as connection:
            reached = connection.execute(at).scalar() or 0
        if reached != self._jurisdictions_at:
            self._jurisdictions = self._run(authorities.every_jurisdiction())
            self._jurisdictions_at = reached
        return self._jurisdictions

    def parked(self, consumer: str = deployment_requests.NAME) -> list[RequestId]:
        """The requests parked in the view, or by the consumer of this name."""
        return [RequestId(stream) for stream in self._run(parked_streams.streams_of(consumer))]

    def close(self) -> None:
        self._engine.dispose()

    def _wait_for(self, position: int) -> None:
        deadline = time.monotonic() + VIEW_TIMEOUT
        while self._reached() < position:
            if self._stop.wait(POLL_INTERVAL) or time.monotonic() > deadline:
                raise Unavailable(f"the view {deployment_requests.NAME} has not reached {position}")

    def _run(self, query: Query[T]) -> list[T]:
        with _outages_as_unavailable(), self._engine.connect() as connection:
            rows: Sequence[Any] = connection.execute(query.statement, query.values).all()
        return [query.read(row) for row in rows]


def _engine(url: str) -> Engine:
    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(url, connect_timeout=5, options="-c statement_timeout=30000 -c timezone=UTC")

    engine = create_engine("postgresql+psycopg://", creator=connect, pool_size=2, pool_pre_ping=True)
    return engine.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def _outages_as_unavailable() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, psycopg.OperationalError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.OperationalError):
            raise
        raise Unavailable(f"the database does not answer: {first_line(cause)}") from error
