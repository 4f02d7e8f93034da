"""Exports of a random register in which every text is unique."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from domain import number_series
from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATE_OF, fold
from domain.incident.state import Incident
from domain.number_series import NumberAssigned
from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM, Actor, Text
from service.event_store.records import AppendItem
from service.event_store.store import EventStore
from service.exchange.exports.chosen_export import chosen
from service.exchange.exports.formats import carry_out
from service.exchange.visible_log.scope import Scope, called, scope_of
from service.exchange.visible_log.visibility import Visibility
from service.exchange.visible_log.visible_events import INTERNAL_AGGREGATES, VisibleLog
from service.processes.composition import now
from service.settings import DatabaseUrls
from tests.projections.histories import Histories, Made
from tests.projections.world import World

EVERY_FORM = (
    ("csv", "csv", False),
    ("csv", "csv", True),
    ("jsonl", "jsonl", False),
    ("cloudevents", "jsonl", False),
    ("ocel2", "json", False),
    ("ocel2", "sqlite", False),
    ("xes", "xes", False),
    ("xlsx", "xlsx", False),
)
"""Format, the ending of the file, and whether it has one row for each event."""


class Numbered(Histories):
    """Histories whose references are those of the numbers that were assigned."""

    def _submitted(self) -> list[Made]:
        (stream, event), *more = super()._submitted()
        series = f"{event.requesting_authority}-2024"
        return [(stream, self._called(event, series)), *more]

    def _reported(self) -> list[Made]:
        ((stream, event),) = super()._reported()
        numbered = number_series.stream_of("alpha-i-2024")
        return [(stream, self._called(event, "alpha-i-2024")), (numbered, NumberAssigned(subject=stream))]

    def _called(self, event: Any, series: str) -> Any:
        return replace(event, reference=f"{series}-{self.versions.get(number_series.stream_of(series), 0) + 1:04}")


class UniqueTexts(Numbered):
    """Histories in which no text occurs twice, so that a file can be searched for each; their items read incidents."""

    texts = 0

    def _item(self, made: list[Made], evolved: bool = False) -> AppendItem:
        item = super()._item(made, evolved)
        written = {unrecorded.stream for unrecorded in item.events}
        incidents = [key for key, state in self.states.items() if isinstance(state, Incident) and key not in written]
        rests_on = self.random.sample(incidents, min(len(incidents), self.random.randint(0, 2)))
        return replace(item, reads=tuple((stream, self.versions[stream]) for stream in rests_on))

    def text(self) -> Text:
        self.texts += 1
        return Text(f"text-{self.texts:06}-ends")


@dataclass(frozen=True)
class Exporter:
    """Exports a register to which nothing is added any more, into a folder."""

    world: World
    folder: Path

    @property
    def store(self) -> EventStore:
        return self.world.store

    @cached_property
    def log(self) -> list[Recorded[Any]]:
        """The events that a viewer who may see everything reads."""
        return [
            recorded for recorded in self.world.log() if AGGREGATE_OF[type(recorded.event)] not in INTERNAL_AGGREGATES
        ]

    def states(self, aggregate: Aggregate, end: int | None = None) -> dict[UUID, Any]:
        """Every subject of a kind, folded up to a position."""
        histories: dict[UUID, list[Recorded[Any]]] = {}
        for recorded in self.log:
            if AGGREGATE_OF[type(recorded.event)] is aggregate and (end is None or recorded.position <= end):
                histories.setdefault(recorded.stream, []).append(recorded)
        return {stream: fold(aggregate, history) for stream, history in histories.items()}

    def scope(self, actor: Actor, as_of: datetime | None = None) -> tuple[Scope, Visibility]:
        at = now()
        scope = scope_of(self.store, actor, at, as_of)
        return scope, Visibility(self.store, actor, at, scope.present)

    def export(
        self,
        form: str,
        ending: str,
        events: bool = False,
        *,
        actor: Actor = SYSTEM,
        request: str | None = None,
        as_of: datetime | None = None,
    ) -> Path:
        """The file that the command line would write."""
        path = self.folder / f"export.{ending}"
        scope, visibility = self.scope(actor, as_of)
        if request is not None:
            scope = replace(scope, subject=called(self.store, visibility, request, scope.end))
        carry_out(chosen(form, str(path), events), VisibleLog(self.store, scope, visibility))
        return path


@contextmanager
def filled(urls: DatabaseUrls, folder: Path, histories: Histories, items: int) -> Iterator[Exporter]:
    with closing(EventStore(urls.api)) as store:
        world = World(urls, store)
        world.append([histories.opening(), *histories.items(items)])
        yield Exporter(world, folder)
