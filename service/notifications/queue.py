"""The statements of the queue: claim what is due, write how it ended, and what operators see and do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg

from domain.vocabulary import derived_id
from projections.tables.deliveries import DeliveryState
from service.notifications.endpoints import ENDPOINTS, Endpoint, endpoint_in

Async = psycopg.AsyncConnection[Any]

LEASE: Final = 120.0
"""Seconds for which a claim is valid: longer than a message takes to be read and sent."""
CLAIM: Final = """
    WITH free AS (
        SELECT c.id FROM unnest(%(endpoints)s::uuid[], %(places)s::int[]) AS e (endpoint, places)
        CROSS JOIN LATERAL (
            SELECT d.id FROM projections.deliveries d
            WHERE d.endpoint = e.endpoint AND d.state = 'PENDING' AND d.due_at <= clock_timestamp()
                AND (d.claimed_until IS NULL OR d.claimed_until < clock_timestamp())
                AND NOT EXISTS (
                    SELECT FROM projections.deliveries b
                    WHERE b.endpoint = d.endpoint AND b.subject = d.subject AND b.id < d.id
                        AND b.state IN ('PENDING', 'DEAD')
                )
            ORDER BY d.due_at, d.id LIMIT e.places FOR UPDATE SKIP LOCKED
        ) AS c
    )
    UPDATE projections.deliveries d
    SET claim = %(claim)s, claimed_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM free WHERE d.id = free.id
    RETURNING d.id, d.endpoint, d.key, d.subject, d.type, d.position, d.at, d.queued_at, d.attempts, d.claim
"""
END: Final = """
    UPDATE projections.deliveries
    SET state = %(state)s, attempts = %(attempts)s, outcome = %(outcome)s, due_at = coalesce(%(due_at)s, due_at),
        ended_at = CASE WHEN %(state)s = 'PENDING' THEN NULL ELSE clock_timestamp() END,
        claim = NULL, claimed_until = NULL
    WHERE id = %(id)s AND claim = %(claim)s AND state = 'PENDING'
"""
LIST: Final = """
    SELECT d.id, d.endpoint, d.subject, d.type, d.position, d.state, d.attempts, d.queued_at, d.due_at, d.ended_at,
        d.outcome, e.kind, e.document
    FROM projections.deliveries d LEFT JOIN projections.delivery_endpoints e ON e.id = d.endpoint
    WHERE d.state = ANY(%(states)s) AND (%(endpoint)s::uuid IS NULL OR d.endpoint = %(endpoint)s)
    ORDER BY d.id LIMIT %(limit)s
"""
RETRY: Final = """
    UPDATE projections.deliveries
    SET state = 'PENDING', attempts = 0, due_at = clock_timestamp(), ended_at = NULL, outcome = NULL
    WHERE id = ANY(%(ids)s) AND state IN ('PENDING', 'DEAD')
        AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
    RETURNING id
"""
SKIP: Final = """
    UPDATE projections.deliveries
    SET state = 'SKIPPED', ended_at = clock_timestamp(), outcome = %(reason)s, claim = NULL, claimed_until = NULL
    WHERE id = ANY(%(ids)s) AND state IN ('PENDING', 'DEAD')
    RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A claimed message. attempts: that have failed. claim: of this sender."""

    id: int
    endpoint: UUID
    key: str
    subject: UUID
    type: str
    position: int | None
    at: datetime
    queued_at: datetime
    attempts: int
    claim: UUID

    @property
    def message_id(self) -> str:
        """The same in every attempt, also in those of a restored register."""
        return str(derived_id("delivery", str(self.endpoint), self.key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended. due_at: when it is sent again, if it is PENDING. attempts: that have failed."""

    state: DeliveryState
    attempts: int
    outcome: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDelivery:
    """For operators. name: of the endpoint, and whether it is enabled."""

    id: int
    endpoint: UUID
    name: str
    enabled: bool
    subject: UUID
    type: str
    position: int | None
    state: DeliveryState
    attempts: int
    queued_at: datetime
    due_at: datetime
    ended_at: datetime | None
    outcome: str | None


async def endpoints(connection: Async) -> list[Endpoint]:
    cursor = await connection.execute(ENDPOINTS)
    return [endpoint_in(kind, document) for kind, document in await cursor.fetchall()]


async def claim(connection: Async, places: Mapping[UUID, int], lease: float = LEASE) -> list[Delivery]:
    """Claims what is due, at most so many messages for each of these endpoints.

    Of each subject only the first one: the others wait until it is delivered or given up.
    """
    values = {"endpoints": list(places), "places": list(places.values()), "claim": uuid4(), "lease": lease}
    cursor = await connection.execute(CLAIM, values)
    names = ("id", "endpoint", "key", "subject", "type", "position", "at", "queued_at", "attempts", "claim")
    return [Delivery(**dict(zip(names, row, strict=True))) for row in await cursor.fetchall()]


async def end(connection: Async, delivery: Delivery, ending: Ending) -> bool:
    """Writes how an attempt ended. Returns whether this sender still had the message."""
    values = {
        "id": delivery.id,
        "claim": delivery.claim,
        "state": ending.state.value,
        "attempts": ending.attempts,
        "outcome": ending.outcome,
        "due_at": ending.due_at,
    }
    return (await connection.execute(END, values)).rowcount == 1


def listed(
    connection: psycopg.Connection[Any], states: Sequence[DeliveryState], endpoint: UUID | None, limit: int
) -> list[ListedDelivery]:
    values = {"states": [each.value for each in states], "endpoint": endpoint, "limit": limit}
    return [_listed(*row) for row in connection.execute(LIST, values)]


def retry(connection: psycopg.Connection[Any], ids: Sequence[int]) -> set[int]:
    """Sends those that wait or were given up again at once, with all attempts. Returns which these are."""
    return {row[0] for row in connection.execute(RETRY, {"ids": list(ids)})}


def skip(connection: psycopg.Connection[Any], ids: Sequence[int], reason: str) -> set[int]:
    """Gives them up, so that later messages about their subjects are sent. Returns those that this concerned."""
    return {row[0] for row in connection.execute(SKIP, {"ids": list(ids), "reason": reason})}


def _listed(id: int, endpoint: UUID, subject: UUID, type_: str, position: int | None, *row: Any) -> ListedDelivery:
    state, attempts, queued_at, due_at, ended_at, outcome, kind, document = row
    known = endpoint_in(kind, document) if document is not None else None
    return ListedDelivery(
        id=id,
        endpoint=endpoint,
        name=known.name if known else "",
        enabled=known is not None and known.is_enabled,
        subject=subject,
        type=type_,
        position=position,
        state=DeliveryState(state),
        attempts=attempts,
        queued_at=queued_at,
        due_at=due_at,
        ended_at=ended_at,
        outcome=outcome,
    )
