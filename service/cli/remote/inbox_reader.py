"""The inbox."""

from datetime import datetime
from typing import Any

from service.cli.remote.events import PageInfo, PersonAnswer, Struct
from service.cli.remote.server import PAGE, Server


class SubjectAnswer(Struct):
    reference: str
    region: str


class ItemAnswer(Struct):
    action: str
    why: str
    since: datetime
    due: datetime | None
    assigned_to: PersonAnswer | None
    for_principal: PersonAnswer | None
    subject: SubjectAnswer


class Edge(Struct):
    node: ItemAnswer


class Page(Struct):
    total_count: int
    edges: tuple[Edge, ...]
    page_info: PageInfo


def inbox(server: Server, *, overdue: bool, limit: int) -> tuple[list[tuple[Any, ...]], int]:
    """The rows, and how many there are in all."""
    found, after = list[tuple[Any, ...]](), None
    while True:
        page = server.get(
            "/inbox",
            Page,
            overdue=True if overdue else None,
            asOf=server.as_of,
            first=min(PAGE, limit - len(found)),
            after=after,
        )
        found += [_row(edge.node) for edge in page.edges]
        if not page.page_info.has_next_page or len(found) == limit:
            return found, page.total_count
        after = page.page_info.end_cursor


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
