"""The history of a request or an incident, and the audit trail."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.vocabulary import derived_id
from projections.reading.page_cursors import position_cursor
from projections.views.audit_trail_filter import BEYOND, AuditTrailFilter, PositionRange
from service.cli.history_heading import incident_heading, request_heading, then_of
from service.cli.remote.events import Code, EventAnswer, References, SubjectNamed, entry
from service.cli.remote.pages import PAGE, PageAnswer, Struct
from service.cli.remote.server import Server, segment
from service.cli.timeline import History, TimelineEntry
from service.exchange.visible_log.refused import INCIDENT, REQUEST, unseen

AUTHORITY: Final = "authority"
"""The name from which, with the code of an authority, its id is derived."""
PATHS: Final = {REQUEST: "requests", INCIDENT: "incidents"}


class HistoryAnswer(SubjectNamed):
    history: PageAnswer[EventAnswer]


class RequestHeading(Struct):
    reference: str
    status: str
    version: int
    force: str
    strength: int
    region: str
    marking: str
    requesting_authority: Code
    deciding_authority: Code


class IncidentHeading(Struct):
    reference: str
    attribution_status: str
    version: int
    kind: str
    region: str
    occurred_at: datetime
    marking: str


def history(server: Server, reference: str) -> History:
    """Raises NotVisible, ExportRefused, CommandFailed, Unavailable."""
    kind, first = _found(server, reference, (REQUEST, INCIDENT))
    return History(
        heading=lambda: _heading(server, kind, reference),
        entries=_entries(server, kind, reference, first),
    )


def events(server: Server, kind: str, reference: str, first: HistoryAnswer) -> Iterator[EventAnswer]:
    """All events of a history, of which the first page is known."""
    page = first.history
    while True:
        yield from page.nodes
        if not page.page_info.has_next_page:
            return
        page = history_page(server, kind, reference, page.page_info.end_cursor).history


def history_page(server: Server, kind: str, reference: str, after: str | None = None) -> HistoryAnswer:
    path = f"/{PATHS[kind]}/{segment(reference)}/history"
    return server.get(path, HistoryAnswer, asOf=server.as_of, asHappened=server.as_happened, first=PAGE, after=after)


def trail(
    server: Server,
    wanted: AuditTrailFilter,
    part: PositionRange,
    limit: int,
    show: Callable[[list[TimelineEntry]], None],
    on_behalf_of: str | None,
) -> tuple[int, int | None]:
    """Shows events page by page. Returns their number, and the position of the first event beyond the limit.

    on_behalf_of: the principal, as the bearer names them.
    """
    references, left, cursors = References(server), limit, _cursors(part) | {"onBehalfOf": on_behalf_of}
    while True:
        page = _trail_page(server, wanted, part, first=min(PAGE, left), **cursors)
        show([entry(event, references, None) for event in page.nodes])
        left -= len(page.edges)
        if not page.page_info.has_next_page:
            return limit - left, None
        cursors["after"] = page.page_info.end_cursor
        if left == 0:
            following = _trail_page(server, wanted, part, first=1, **cursors).nodes
            return limit, int(following[0].position) if following else None


def id_of(server: Server, name: str) -> UUID:
    """The id of a request, an incident or an authority by its name, if it can be seen."""
    for kind in PATHS.values():
        if (found := server.find(f"/{kind}/{segment(name)}", SubjectNamed)) is not None:
            return found.id
    return derived_id(AUTHORITY, name)


def _found(server: Server, reference: str, kinds: tuple[str, ...]) -> tuple[str, HistoryAnswer]:
    for kind in kinds:
        path = f"/{PATHS[kind]}/{segment(reference)}/history"
        found = server.find(path, HistoryAnswer, asOf=server.as_of, asHappened=server.as_happened, first=PAGE)
        if found is not None:
            return kind, found
    raise unseen(reference, kinds, by_then=(server.as_of or server.as_happened) is not None)


def _entries(server: Server, kind: str, reference: str, first: HistoryAnswer) -> Iterator[TimelineEntry]:
    references = References(server)
    for event in events(server, kind, reference, first):
        yield entry(event, references, first, kind)


def _heading(server: Server, kind: str, reference: str) -> tuple[str, ...]:
    then = then_of(server.as_of, server.as_happened)
    path = f"/{PATHS[kind]}/{segment(reference)}"
    if kind == INCIDENT:
        incident = server.get(path, IncidentHeading, asOf=server.as_of, asHappened=server.as_happened)
        return incident_heading(
            reference=incident.reference,
            status=incident.attribution_status,
            version=incident.version,
            then=then,
            kind=incident.kind,
            region=incident.region,
            occurred_at=incident.occurred_at,
            marking=incident.marking,
        )
    request = server.get(path, RequestHeading, asOf=server.as_of, asHappened=server.as_happened)
    return request_heading(
        reference=request.reference,
        status=request.status,
        version=request.version,
        then=then,
        force=request.force,
        strength=request.strength,
        region=request.region,
        requesting=request.requesting_authority.code,
        deciding=request.deciding_authority.code,
        marking=request.marking,
    )


def _trail_page(server: Server, wanted: AuditTrailFilter, part: PositionRange, **page: Any) -> PageAnswer[EventAnswer]:
    return server.get(
        "/trail",
        PageAnswer[EventAnswer],
        actor=wanted.actor,
        authority=wanted.authority,
        type=wanted.type,
        subject=wanted.subject,
        recordedFrom=wanted.recorded_from,
        recordedUntil=wanted.recorded_until,
        occurredFrom=wanted.occurred_from,
        occurredUntil=wanted.occurred_until,
        correlationId=wanted.correlation_id,
        order="NEWEST_FIRST" if part.newest_first else None,
        **page,
    )


def _cursors(part: PositionRange) -> dict[str, str | None]:
    """The positions as cursors of the list: `after` follows the order of the list."""
    of = "trail/newest" if part.newest_first else "trail"
    low = position_cursor(of, part.after) if part.after else None
    high = position_cursor(of, part.before) if part.before != BEYOND else None
    return {"after": high, "before": low} if part.newest_first else {"after": low, "before": high}
