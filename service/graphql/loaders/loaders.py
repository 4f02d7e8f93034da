"""All DataLoaders of one reading: concurrent loads of one kind become one statement."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.authority import Authority
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.jurisdiction import Mandate
from domain.visibility import Viewer
from domain.vocabulary import Actor, AuthorityCode
from projections import audit_trail_queries, authorities, deployment_requests, incidents
from projections.audit_trail import AuditEntry
from projections.reading import person_names
from projections.reading.queries import Query, ViewerScope
from projections.reading.reader import EventParked, InstantAhead, Reader, Reading, ViewBehind
from projections.reading.subject_queries import SubjectQueries
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.execution.pace import Pace
from service.graphql.loaders.dataloader import list_loader, single_loader
from service.graphql.loaders.parked import ParkedState, ParkedSubjects, SubjectParked, refuse

T = TypeVar("T")

Version = tuple[UUID, int]
"""A request and its number of events."""

S = TypeVar("S", DeploymentRequest, Incident)
PersonKey = tuple[str, str]
"""Issuer and subject."""
HistoryPage = tuple[UUID, int, int]
"""A page of a history: subject, number of events, position after which it starts."""

AsNode = Callable[[DeploymentRequest | Incident | Authority | ParkedState, "Loaders"], object]
"""Creates the API node of a state. The loaders import no schema type."""


@dataclass(frozen=True, slots=True)
class PastInstant:
    """A past instant. position: of the last event recorded by then, if known."""

    instant: datetime
    position: int | None = None


class Loaders:
    """Loads what the viewer may see now; None stands for everything else. Reads lazily.

    now: the time at which rules are evaluated: of the request, or the past instant. at_least, reached: as in
    `Reader.answer`. moment: the past instant to read, None for the present. present: the loaders of the present with
    the same conditions. pace: of the person.
    """

    def __init__(
        self,
        reader: Reader,
        as_node: AsNode,
        actor: Actor,
        now: datetime,
        at_least: int | None = None,
        moment: PastInstant | None = None,
        present: "Loaders | None" = None,
        reached: int | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.as_node = as_node
        self.actor = actor
        self.pace = pace or Pace()
        self.now = moment.instant if moment else now
        self.past = moment
        self.present = present or self
        self._reader = reader
        self._at_least = at_least
        self._reached = reached
        self._reading: asyncio.Future[Reading] | None = None
        self._past: dict[PastInstant, Loaders] = {}

    def as_of(self, instant: datetime | None, position: int | None = None) -> "Loaders":
        """Loaders as of an instant. position: of the last event recorded by then, if known."""
        if instant is None:
            return self
        moment, present = PastInstant(instant, position), self.present
        found = present._past.get(moment)
        if found is None:
            found = present._past[moment] = self._with(self._at_least, moment, present)
        return found

    def at_least(self, position: int) -> "Loaders":
        """The same loaders, reading at least at a position: for subjects that another view already names."""
        present = None if self.present is self else self.present
        return self._with(max(position, self._at_least or 0), self.past, present)

    def _with(self, at_least: int | None, moment: PastInstant | None, present: "Loaders | None") -> "Loaders":
        now, reached = self.present.now, self._reached
        return Loaders(self._reader, self.as_node, self.actor, now, at_least, moment, present, reached, self.pace)

    async def rows(self, query: Callable[[ViewerScope], Query[T]]) -> list[T]:
        """Raises ViewBehind, DatabaseUnavailable; SubjectParked for a list that would omit what the viewer may see."""
        reading = await self._opened_reading()
        wanted = query(reading.viewer_scope)
        try:
            return await reading.rows(wanted)
        except EventParked:
            for view in wanted.views:
                refuse(await self.parked(view).omitted(self._at_least))
            return await reading.rows(wanted.despite_parked())

    async def number(self, query: Callable[[ViewerScope], Query[int]]) -> int:
        """The result of a query that returns one row."""
        return (await self.rows(query))[0]

    async def rows_best_effort(self, query: Callable[[ViewerScope], Query[T]]) -> list[T]:
        """As `rows`, but falls back to the current rows if the views are behind. A past instant has no fallback."""
        try:
            return await self.rows(query)
        except ViewBehind:
            if self.past is not None:
                raise
            reading = await self._reader.reading(self.actor)
            return await reading.rows(query(reading.viewer_scope))

    def parked(self, view: str) -> ParkedSubjects:
        return ParkedSubjects(view, self)

    async def parked_streams(self, view: str) -> Mapping[UUID, int]:
        """As `Reading.parked_streams`."""
        return await (await self._opened_reading()).parked_streams(view)

    async def viewer(self) -> Viewer:
        """The viewer; as the views currently know them if these are behind."""
        try:
            return (await self._opened_reading()).viewer
        except ViewBehind:
            return (await self._reader.reading(self.actor)).viewer

    async def _opened_reading(self) -> Reading:
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._open_reading())
        try:
            return await asyncio.shield(self._reading)
        except InstantAhead as ahead:
            raise BadUserInput("asOf", f"{ahead}.") from None

    async def _open_reading(self) -> Reading:
        moment = self.past
        return await self._reader.reading(
            self.actor,
            at_least=self._at_least,
            reached=self._reached,
            as_of=moment.instant if moment else None,
            position=moment.position if moment else None,
            now=self.present.now,
        )

    async def by_reference(self, view: SubjectQueries[S], reference: str) -> S | None:
        """Raises SubjectParked."""
        rows = await self.rows(lambda scope: view.by_references(scope, [reference]).despite_parked())
        ids, parked = [row.id for row in rows], self.parked(view.name)
        refuse(await (parked.among(ids, shown=ids) if ids else parked.called(reference)))
        return rows[0] if rows else None

    @cached_property
    def requests(self) -> DataLoader[UUID, DeploymentRequest | None]:
        return single_loader(partial(self._by_ids, deployment_requests.SUBJECTS))

    @cached_property
    def incidents(self) -> DataLoader[UUID, Incident | None]:
        return single_loader(partial(self._by_ids, incidents.SUBJECTS))

    async def _by_ids(self, view: SubjectQueries[S], ids: list[UUID]) -> Mapping[UUID, S | SubjectParked]:
        rows = await self.rows(lambda scope: view.by_ids(scope, ids).despite_parked())
        found: dict[UUID, S | SubjectParked] = {row.id: row for row in rows}
        return found | await self.parked(view.name).among(ids, found)

    @cached_property
    def versions(self) -> DataLoader[Version, tuple[int, DeploymentRequest] | None]:
        """Requests at a version, each with the position of the event that made it."""

        async def find(wanted: list[Version]) -> Mapping[Version, tuple[int, DeploymentRequest]]:
            rows = await self.rows(lambda scope: deployment_requests.at_versions(scope, wanted).despite_parked())
            return {(state.id, state.version): (position, state) for position, state in rows}

        return single_loader(find)

    @cached_property
    def requests_on(self) -> DataLoader[UUID, tuple[DeploymentRequest, ...]]:
        """By incident: the requests that name it. SubjectParked if a parked one does, or once did."""

        async def find(ids: list[UUID]) -> Mapping[UUID, tuple[DeploymentRequest, ...] | SubjectParked]:
            rows = await self.rows(lambda scope: deployment_requests.resting_on(scope, ids).despite_parked())
            found = {each: tuple(row for row in rows if each in row.incidents) for each in ids}
            return {**found, **await self.parked(deployment_requests.NAME).naming(ids)}

        return list_loader(find)

    @cached_property
    def authorities(self) -> DataLoader[str, Authority | None]:
        """By code."""

        async def find(codes: list[str]) -> Mapping[str, Authority]:
            rows = await self.rows(lambda scope: authorities.by_codes(scope, codes))
            return {found.code: found for found in rows}

        return single_loader(find)

    @cached_property
    def authorities_by_id(self) -> DataLoader[UUID, Authority | None]:
        async def find(ids: list[UUID]) -> Mapping[UUID, Authority]:
            rows = await self.rows(lambda scope: authorities.by_ids(scope, ids))
            return {found.id: found for found in rows}

        return single_loader(find)

    @cached_property
    def mandates(self) -> DataLoader[str, tuple[Mandate, ...]]:
        """By the authority's code."""

        async def find(codes: list[str]) -> Mapping[str, tuple[Mandate, ...]]:
            rows = await self.rows(lambda scope: authorities.jurisdictions_of(scope, codes))
            return {code: authorities.mandates_of(AuthorityCode(code), rows) for code in codes}

        return list_loader(find)

    @cached_property
    def names(self) -> DataLoader[PersonKey, str | None]:
        async def find(persons: list[PersonKey]) -> Mapping[PersonKey, str]:
            rows = await self.rows(lambda scope: person_names.names(persons))
            return {(found.issuer, found.subject): found.name for found in rows}

        return single_loader(find)

    @cached_property
    def histories(self) -> DataLoader[HistoryPage, tuple[AuditEntry, ...]]:
        async def find(parts: list[HistoryPage]) -> Mapping[HistoryPage, tuple[AuditEntry, ...]]:
            found: dict[HistoryPage, tuple[AuditEntry, ...]] = {}
            for limit, after in {part[1:] for part in parts}:
                subjects = [subject for subject, *rest in parts if rest == [limit, after]]
                rows = await self._histories(subjects, limit, after)
                found |= {(own, limit, after): tuple(row for row in rows if row.subject == own) for own in subjects}
            return found

        return list_loader(find)

    async def _histories(self, subjects: Iterable[UUID], limit: int, after: int) -> list[AuditEntry]:
        return await self.rows(lambda scope: audit_trail_queries.histories(scope, subjects, limit, after))

    @cached_property
    def events(self) -> DataLoader[int, AuditEntry | None]:
        """By position."""

        async def find(positions: list[int]) -> Mapping[int, AuditEntry]:
            rows = await self.rows(lambda scope: audit_trail_queries.at_positions(scope, positions))
            return {found.position: found for found in rows}

        return single_loader(find)

    @cached_property
    def mentioned(self) -> DataLoader[UUID, UUID | None]:
        """Incidents and evidence named by events: those that the viewer may see."""

        async def find(mentions: list[UUID]) -> Mapping[UUID, UUID]:
            rows = await self.rows_best_effort(lambda scope: audit_trail_queries.seen(scope, mentions))
            return {found: found for found in rows}

        return single_loader(find)

    @cached_property
    def consulted_incidents(self) -> DataLoader[UUID, object | None]:
        """Incidents for rule evaluation, whether or not the viewer may see them. The rules decide what is shown."""

        async def find(ids: list[UUID]) -> Mapping[UUID, Incident | SubjectParked]:
            rows = await self.rows(lambda scope: incidents.by_ids(scope.of_everything(), ids).despite_parked())
            found: dict[UUID, Incident | SubjectParked] = {row.id: row for row in rows}
            return found | await self.parked(incidents.NAME).among(ids, unrestricted=True)

        return single_loader(find)

    @cached_property
    def consulted_mandates(self) -> DataLoader[UUID, object | None]:
        """Authorities and jurisdictions for rule evaluation, by stream."""

        async def find(ids: list[UUID]) -> Mapping[UUID, object]:
            held = await self.rows(lambda scope: authorities.jurisdictions_by_ids(scope.of_everything(), ids))
            registered = await self.rows(lambda scope: authorities.by_ids(scope.of_everything(), ids))
            return {**{found.id: found for found in held}, **{found.id: found for found in registered}}

        return single_loader(find)
