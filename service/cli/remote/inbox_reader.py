"""The inbox."""

from datetime import datetime
from typing import Any

from service.cli.remote.events import PersonAnswer
from service.cli.remote.pages import PageAnswer, Struct, first_nodes
from service.cli.remote.server import Server


class ItemSubject(Struct):
    reference: str
    region: str


class ItemAnswer(Struct):
    action: str
    why: str
    since: datetime
    due: datetime | None
    assigned_to: PersonAnswer | None
    for_principal: PersonAnswer | None
    subject: ItemSubject


def inbox(server: Server, *, overdue: bool, limit: int) -> tuple[list[tuple[Any, ...]], int]:
    """The rows, and how many there are in all."""
    items, page = first_nodes(server, "/inbox", PageAnswer[ItemAnswer], limit, overdue=True if overdue else None)
    return [_row(item) for item in items], page.total_count or 0


def _row(item: ItemAnswer) -> tuple[Any, ...]:
    assigned, principal = item.assigned_to, item.for_principal
    return (
        item.due,
        item.action,
        item.subject.reference,
        item.subject.region,
        item.since,
        assigned.subject if assigned else None,
        principal.subject if principal else None,
        item.why,
    )
