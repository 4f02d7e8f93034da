"""The requests of a scope, one by one with all of their events: what a row or a trace is made of."""

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
from domain.recorded import Recorded
from domain.vocabulary import Text
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

ROWS: Final = 2_000
"""Stored events that are looked through at a time, for those that open a request."""
TOGETHER: Final = 50
"""Requests that are read at a time, or fewer where they are large."""
LARGE: Final = 4 * 1024 * 1024
"""Bytes of text."""
OPENING: Final = RequestSubmitted.__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCase:
    """One request as it stood at the end of the scope. incidents: those that may be seen, with their references."""

    request: DeploymentRequest
    events: tuple[VisibleEvent, ...]
    incidents: Mapping[UUID, str]

    def named(self, incidents: Iterable[UUID]) -> tuple[str, ...]:
        """The references of those of the incidents that may be seen."""
        return tuple(self.incidents[each] for each in incidents if each in self.incidents)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The paths of the incidents that may not be seen, and of texts that were erased."""
        hold = self.request.hold
        paths = (("incidents", self.request.incidents), ("hold.awaiting", hold.awaiting if hold else ()))
        unseen = [f"{path}.{n}" for path, ids in paths for n, each in enumerate(ids) if each not in self.incidents]
        return (*unseen, *(path for path, text in self._texts() if text.value is None))

    def _texts(self) -> Iterator[tuple[str, Text]]:
        yield "purpose", self.request.purpose
        if self.request.hold is not None:
            yield "hold.reason", self.request.hold.reason
        if self.request.decision is not None:
            yield "decision.reason", self.request.decision.reason
            for n, condition in enumerate(self.request.decision.conditions):
                yield f"decision.conditions.{n}.text", condition.text


def cases(teller: VisibleLog) -> Iterator[RequestCase]:
    """The requests that the viewer may see, the first submitted first."""
    if teller.scope.subject is not None:
        yield from _cases(teller, [teller.scope.subject])
        return
    after = 0
    while after < teller.scope.end and (rows := teller.store.rows(after, ROWS)):
        after = rows[-1].position
        opened = [row.stream for row in rows if row.topic == OPENING and row.position <= teller.scope.end]
        for at in range(0, len(opened), TOGETHER):
            yield from _cases(teller, opened[at : at + TOGETHER])
        teller.reached(min(after, teller.scope.end))


def _cases(teller: VisibleLog, streams: list[UUID]) -> Iterator[RequestCase]:
    known = teller.eyes.of(streams)
    visible = [(stream, 0) for stream in streams if known[stream].visible]
    within = (each for page in teller.store.pages(visible) for each in page if each.position <= teller.scope.end)
    for histories in _gathered(tuple(history) for _, history in groupby(within, attrgetter("stream"))):
        recorded = [each for history in histories for each in history]
        told = groupby(teller.visible(recorded), attrgetter("subject"))
        for history, (_, events) in zip(histories, told, strict=True):
            yield _case(history, tuple(events))


def _gathered(histories: Iterable[tuple[Recorded[Any], ...]]) -> Iterator[list[tuple[Recorded[Any], ...]]]:
    """Those that are told together: a large one by itself."""
    gathered, size = [], 0
    for history in histories:
        gathered.append(history)
        size += sum(text_bytes(recorded.event) for recorded in history)
        if size > LARGE:
            yield gathered
            gathered, size = [], 0
    if gathered:
        yield gathered


def _case(history: tuple[Recorded[Any], ...], events: tuple[VisibleEvent, ...]) -> RequestCase:
    incidents = {incident: name for told in events for incident, name in told.incidents.items()}
    return RequestCase(request=fold(DEPLOYMENT_REQUEST, history), events=events, incidents=incidents)
