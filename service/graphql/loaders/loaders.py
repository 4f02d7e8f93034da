"""All DataLoaders of one reading: concurrent loads of one kind become one statement."""

from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.authority import Authority
from domain.deployment_request.state import DeploymentRequest
from domain.deputies import Deputies
from domain.incident.state import Incident
from domain.jurisdiction import Mandate
from domain.vocabulary import AuthorityCode
from projections.reading import person_names
from projections.reading.queries import Query, ViewerScope
from projections.reading.subject_queries import Names, SubjectQueries
from projections.views import audit_trail_queries, authorities, deployment_requests, incidents
from projections.views.audit_trail import AuditEntry
from projections.views.audit_trail_filter import BEYOND, PositionRange
from service.graphql.loaders.dataloader import list_loader, single_loader
from service.graphql.loaders.parked_subjects import SubjectParked, refuse
from service.graphql.loaders.region_loaders import RegionLoaders
from service.graphql.loaders.viewer_rows import ViewerRows

Version = tuple[UUID, int]
"""A request and its number of events."""

S = TypeVar("S", DeploymentRequest, Incident)
PersonKey = tuple[str, str]
"""Issuer and subject."""
HistoryPage = tuple[UUID, int, PositionRange]
"""A page of a history: subject, number of events, their positions."""


class Loaders(ViewerRows):
    """Loads what the viewer may see; None stands for everything else. Reads lazily."""

    async def by_reference(self, view: SubjectQueries[S], reference: str, names: Names | None) -> S | None:
        """names: what is read of the state. Raises SubjectParked."""
        rows = await self.rows(lambda scope: view.by_references(scope, [reference], names).despite_parked())
        ids, parked = [row.id for row in rows], self.parked(view.name)
        refuse(await (parked.among(ids, shown=ids) if ids else parked.called(reference)))
        return rows[0] if rows else None

    @cached_property
    def requests(self) -> DataLoader[UUID, DeploymentRequest | None]:
        """Whole states."""
        return single_loader(partial(self._by_ids, deployment_requests.SUBJECTS, None))

    @cached_property
    def shown_requests(self) -> DataLoader[UUID, DeploymentRequest | None]:
        """What the operation reads of them."""
        names = self.names_of("DeploymentRequest")
        return (
            self.requests
            if names is None
            else single_loader(partial(self._by_ids, deployment_requests.SUBJECTS, names))
        )

    @cached_property
    def incidents(self) -> DataLoader[UUID, Incident | None]:
        """Whole states."""
        return single_loader(partial(self._by_ids, incidents.SUBJECTS, None))

    @cached_property
    def shown_incidents(self) -> DataLoader[UUID, Incident | None]:
        """What the operation reads of them."""
        names = self.names_of("Incident")
        return self.incidents if names is None else single_loader(partial(self._by_ids, incidents.SUBJECTS, names))

    async def _by_ids(
        self, view: SubjectQueries[S], names: Names | None, ids: list[UUID]
    ) -> Mapping[UUID, S | SubjectParked]:
        rows = await self.rows(lambda scope: view.by_ids(scope, ids, names).despite_parked())
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
            names = self.names_of("DeploymentRequest")
            rows = await self.rows(lambda scope: deployment_requests.resting_on(scope, ids, names).despite_parked())
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
    def deputies(self) -> DataLoader[AuthorityCode, Deputies | None]:
        """By the authority's code, if the viewer may see them."""

        async def find(codes: list[AuthorityCode]) -> Mapping[AuthorityCode, Deputies]:
            rows = await self.rows(lambda scope: authorities.deputies_in(scope, codes))
            return {found.authority: found for found in rows}

        return single_loader(find)

    @cached_property
    def regions(self) -> RegionLoaders:
        return RegionLoaders(self.rows, self.now)

    @cached_property
    def names(self) -> DataLoader[PersonKey, str | None]:
        async def find(persons: list[PersonKey]) -> Mapping[PersonKey, str]:
            rows = await self.rows(lambda scope: person_names.names(persons))
            return {(found.issuer, found.subject): found.name for found in rows}

        return single_loader(find)

    @cached_property
    def histories(self) -> DataLoader[HistoryPage, tuple[AuditEntry, ...]]:
        """Whole entries."""
        return self._histories(None)

    @cached_property
    def shown_histories(self) -> DataLoader[HistoryPage, tuple[AuditEntry, ...]]:
        """What the operation reads of each entry."""
        return self.histories if self.entry_parts is None else self._histories(self.entry_parts)

    @cached_property
    def entry_parts(self) -> Names | None:
        """The parts that the operation reads of entries, as in `partial_entries`; None if it may read any."""
        names = self.names_of("RecordedEvent")
        if names is None or "actor" not in names:
            return names
        of_actor = self.names_of("Actor")
        return None if of_actor is None else names - {"actor"} | {f"actor.{name}" for name in of_actor}

    def _histories(self, names: Names | None) -> DataLoader[HistoryPage, tuple[AuditEntry, ...]]:
        def query(subjects: Iterable[UUID], limit: int, part: PositionRange, scope: ViewerScope) -> Query[AuditEntry]:
            return audit_trail_queries.histories(scope, subjects, limit, part, names)

        async def find(pages: list[HistoryPage]) -> Mapping[HistoryPage, tuple[AuditEntry, ...]]:
            found: dict[HistoryPage, tuple[AuditEntry, ...]] = {}
            for limit, part in {page[1:] for page in pages}:
                subjects = [subject for subject, *rest in pages if rest == [limit, part]]
                rows = await self.rows(partial(query, subjects, limit, part))
                found |= {(own, limit, part): tuple(row for row in rows if row.subject == own) for own in subjects}
            return found

        return list_loader(find)

    @cached_property
    def history_lengths(self) -> DataLoader[UUID, int | None]:
        """By subject: the number of events in its history; None for none."""

        async def find(subjects: list[UUID]) -> Mapping[UUID, int]:
            found: dict[UUID, int] = {}
            ends = {each: await self.end_of_history(each) for each in subjects}
            for end in set(ends.values()):
                query = partial(audit_trail_queries.history_lengths, before=end)
                alike = [each for each in subjects if ends[each] == end]
                found |= dict(await self.rows(partial(query, subjects=alike)))
            return found

        return single_loader(find)

    async def end_of_history(self, subject: UUID) -> int:
        """The position before which the events of its history are, as far as the instant does not say it."""
        return BEYOND

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
