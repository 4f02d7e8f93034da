"""The requests of a scope, each with all of its events: the source of a CSV row or an XES trace."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from domain.catalogue import DEPLOYMENT_REQUEST, fold
from domain.deployment_request.events import RequestSubmitted
from domain.deployment_request.state import DeploymentRequest
from domain.limits import text_bytes
from domain.recorded_event import Recorded
from domain.vocabulary import Text
from service.exchange.visible_log.visibility import VisibleStream
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

ROWS: Final = 2_000
"""Stored events per page when scanning for events that open a request."""
REQUESTS_PER_READ: Final = 50
"""Requests per read; fewer if they are large."""
LARGE: Final = 4 * 1024 * 1024
"""Bytes of text above which the current group of requests ends."""
OPENING: Final = RequestSubmitted.__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCase:
    """One request at the end of the scope, as the viewer may see it. incidents: id -> reference, of the visible ones.

    deliberations: whether they may see who endorsed it for what.
    """

    request: DeploymentRequest
    events: tuple[VisibleEvent, ...]
    incidents: Mapping[UUID, str]
    deliberations: bool

    def named(self, incidents: Iterable[UUID]) -> tuple[str, ...]:
        """References of the visible ones among these incidents."""
        return tuple(self.incidents[each] for each in incidents if each in self.incidents)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Paths of hidden incidents, endorsements and erased texts."""
        hold = self.request.hold
        paths = (("incidents", self.request.incidents), ("hold.awaiting", hold.awaiting if hold else ()))
        unseen = [f"{path}.{n}" for path, ids in paths for n, each in enumerate(ids) if each not in self.incidents]
        internal = () if self.deliberations or not self.request.endorsements_counted else ("endorsements",)
        return (*unseen, *internal, *(path for path, text in self._texts() if text.value is None))

    def _texts(self) -> Iterator[tuple[str, Text]]:
        yield "purpose", self.request.purpose
        if self.request.hold is not None:
            yield "hold.reason", self.request.hold.reason
        if self.request.decision is not None:
            yield "decision.reason", self.request.decision.reason
            for n, condition in enumerate(self.request.decision.conditions):
                yield f"decision.conditions.{n}.text", condition.text


def cases(log: VisibleLog) -> Iterator[RequestCase]:
    """The visible requests, in the order of submission."""
    if log.scope.subject is not None:
        yield from _cases(log, [log.scope.subject])
        return
    after = 0
    while after < log.scope.end and (rows := log.store.rows(after, ROWS)):
        after = rows[-1].position
        opened = [row.stream for row in rows if row.topic == OPENING and row.position <= log.scope.end]
        for at in range(0, len(opened), REQUESTS_PER_READ):
            yield from _cases(log, opened[at : at + REQUESTS_PER_READ])
        log.reached(min(after, log.scope.end))


def _cases(log: VisibleLog, streams: list[UUID]) -> Iterator[RequestCase]:
    known = log.visibility.of(streams)
    visible = [(stream, 0) for stream in streams if known[stream].visible]
    within = (each for page in log.store.pages(visible) for each in page if each.position <= log.scope.end)
    for histories in _gathered(tuple(history) for _, history in groupby(within, attrgetter("stream"))):
        recorded = [each for history in histories for each in history]
        shown = groupby(log.visible(recorded), attrgetter("subject"))
        for history, (_, events) in zip(histories, shown, strict=True):
            yield _case(history, tuple(events), known[history[0].stream])


def _gathered(histories: Iterable[tuple[Recorded[Any], ...]]) -> Iterator[list[tuple[Recorded[Any], ...]]]:
    """Groups histories until a group holds more than LARGE bytes of text."""
    gathered, size = [], 0
    for history in histories:
        gathered.append(history)
        size += sum(text_bytes(recorded.event) for recorded in history)
        if size > LARGE:
            yield gathered
            gathered, size = [], 0
    if gathered:
        yield gathered


def _case(history: tuple[Recorded[Any], ...], events: tuple[VisibleEvent, ...], stream: VisibleStream) -> RequestCase:
    incidents = {incident: name for visible in events for incident, name in visible.incidents.items()}
    return RequestCase(
        request=stream.disclosed(fold(DEPLOYMENT_REQUEST, history)),
        events=events,
        incidents=incidents,
        deliberations=stream.discloses_deliberations,
    )
