"""Queues reminders of what is due, and escalations of what is overdue: messages, which change nothing in the register.

What is due follows from the inbox, of requests and of incidents, and from the ends of approvals. Each message has a
key (subject, what is due, due date, days), and a key is queued once, however many workers look and whichever is killed.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from threading import Event
from typing import Any, Final, Self

import psycopg

from domain.incident.inbox import FINDING
from domain.message_types import ESCALATION, REMINDER
from domain.vocabulary import Role
from projections.following.leadership import connect
from service.notifications.due_findings import STILL_LACKING, awaited_findings
from service.notifications.endpoints import ENDPOINTS, endpoint_in
from service.notifications.queue import Delivery

EXPIRE: Final = "EXPIRE"
"""What is due at the end of an approval. It is no action: the register ends it."""
PREFIX: Final = "due"

QUEUE: Final = f"""
    WITH due AS (
        SELECT i.id, i.action, i.due_at, i.authority, i.role, true AS escalates FROM projections.inbox i
        WHERE i.valid_until = 'infinity'::timestamptz AND i.authority = ANY(%(authorities)s)
            AND i.due_at <= clock_timestamp() + %(longest)s
            AND (i.until IS NULL OR clock_timestamp() < i.until)
        UNION ALL
        SELECT r.id, '{EXPIRE}', r.expires_at, a.authority, NULL, false FROM projections.deployment_requests r
        CROSS JOIN LATERAL unnest(ARRAY[r.requesting_authority, r.deciding_authority]) AS a (authority)
        WHERE r.valid_until = 'infinity'::timestamptz AND r.expires_at <= clock_timestamp() + %(longest)s
        UNION ALL
        SELECT f.id, '{FINDING}', f.due_at, f.authority, '{Role.INVESTIGATOR}', true
        FROM unnest(%(incidents)s::uuid[], %(finding_due)s::timestamptz[], %(investigating)s::text[])
            AS f (id, due_at, authority)
    ), reached AS (
        SELECT DISTINCT d.*, s.type, s.days FROM due d CROSS JOIN LATERAL (
            SELECT o.type, o.days FROM unnest(%(types)s::text[], %(days)s::int[]) AS o (type, days)
            WHERE d.due_at - make_interval(days => o.days) <= clock_timestamp() AND (d.escalates OR o.days >= 0)
            ORDER BY o.days LIMIT 1
        ) AS s
    )
    INSERT INTO projections.deliveries (endpoint, key, subject, type, at)
    SELECT DISTINCT e.id, concat_ws('/', '{PREFIX}', r.id, r.action, extract(epoch FROM r.due_at), r.days),
        r.id, r.type, r.due_at
    FROM reached r JOIN unnest(%(endpoints)s::uuid[], %(authorities)s::text[], %(roles)s::text[], %(wanted)s::text[])
        AS e (id, authority, role, type)
        ON e.authority = r.authority AND e.type = r.type
            AND (r.role IS NULL OR r.type = '{ESCALATION}' OR e.role = r.role)
    ON CONFLICT (endpoint, key) DO NOTHING
"""  # noqa: S608
STILL_DUE: Final = f"""
    SELECT EXISTS (
        SELECT FROM projections.inbox i
        WHERE i.id = %(subject)s AND i.action = %(action)s AND i.due_at = %(at)s
            AND i.valid_until = 'infinity'::timestamptz
    ) OR (%(action)s = '{EXPIRE}' AND EXISTS (
        SELECT FROM projections.deployment_requests r
        WHERE r.id = %(subject)s AND r.expires_at = %(at)s AND r.valid_until = 'infinity'::timestamptz
    )) OR (%(action)s = '{FINDING}' AND EXISTS ({STILL_LACKING}))
"""  # noqa: S608

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """What a message is about. days: before the due date at which it was queued; negative: after it."""

    action: str
    days: int

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        _, _, action, _, days = delivery.key.split("/")
        return cls(action, int(days))


def is_due(delivery: Delivery) -> bool:
    """Whether a message is about something due, not about an event."""
    return delivery.key.startswith(f"{PREFIX}/")


def queue_due(connection: psycopg.Connection[Any], reminders: Sequence[int], escalation: int) -> int:
    """Queues what is due by now: of each due date, the message of the last day that has come. Returns how many.

    reminders: days before a due date. escalation: days after it.
    """
    found = [endpoint_in(kind, document) for kind, document in connection.execute(ENDPOINTS)]
    rows = [
        (each.id, each.authority, role.value, type_)
        for each in found
        for role in each.roles
        for type_ in (REMINDER, ESCALATION)
        if each.wants(type_)
    ]
    if not rows:
        return 0
    ids, authorities, roles, wanted = map(list, zip(*rows, strict=True))
    days = [*reminders, -escalation]
    longest = timedelta(days=max(days))
    findings = awaited_findings(connection, longest)
    values = {
        "longest": longest,
        "incidents": [each.incident for each in findings],
        "finding_due": [each.due_at for each in findings],
        "investigating": [each.authority for each in findings],
        "types": [*[REMINDER] * len(reminders), ESCALATION],
        "days": days,
        "endpoints": ids,
        "authorities": authorities,
        "roles": roles,
        "wanted": wanted,
    }
    return connection.execute(QUEUE.encode(), values).rowcount


def remind(url: str, reminders: Sequence[int], escalation: int, interval: float, stop: Event) -> None:
    """Queues what is due until `stop` is set. interval: seconds between two looks."""
    while not stop.is_set():
        try:
            with connect(url, "mandate reminders") as connection:
                while not stop.is_set():
                    queue_due(connection, reminders, escalation)
                    stop.wait(interval)
        except psycopg.Error as error:
            log.warning("reminders are queued later: %s", error)
            stop.wait(interval)
