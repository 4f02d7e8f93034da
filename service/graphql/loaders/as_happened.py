"""What had happened by an instant, whenever it was recorded: for imported history, read at its own time."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import cast
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from projections.reading.reader import Reading
from projections.reading.subject_queries import Names, SubjectQueries
from projections.views import audit_trail_queries, deployment_requests, incidents
from projections.views.audit_trail_queries import HappenedPart
from service.graphql.loaders.dataloader import list_loader, single_loader
from service.graphql.loaders.loaders import Loaders, S
from service.graphql.loaders.parked_subjects import SubjectParked
from service.graphql.loaders.viewer_rows import PastInstant

NONE = HappenedPart(version=0, end=0)


class LoadersAsHappened(Loaders):
    """Requests and incidents, each folded from its first events: those before the first one that happened after the
    instant. Everything else is as it is now; rules are evaluated at the instant."""

    async def by_reference(self, view: SubjectQueries[S], reference: str, names: Names | None) -> S | None:
        found = await super().by_reference(view, reference, None)
        loader = self.requests if view is deployment_requests.SUBJECTS else self.incidents
        return cast("S | None", await loader.load(found.id)) if found else None

    async def end_of_history(self, subject: UUID) -> int:
        return (await self._parts.load(subject) or NONE).end

    @cached_property
    def requests_on(self) -> DataLoader[UUID, tuple[DeploymentRequest, ...]]:
        """By incident: the requests that name it now, and did then."""
        now = self.present.requests_on

        async def find(ids: list[UUID]) -> Mapping[UUID, tuple[DeploymentRequest, ...]]:
            named = dict(zip(ids, await now.load_many(ids), strict=True))
            subjects = {request.id for requests in named.values() for request in requests}
            found = [request for request in await self.requests.load_many(subjects) if request is not None]
            return {each: tuple(request for request in found if each in request.incidents) for each in ids}

        return list_loader(find)

    @cached_property
    def consulted_incidents(self) -> DataLoader[UUID, object | None]:
        async def find(ids: list[UUID]) -> Mapping[UUID, object]:
            now = await cast("Loaders", self.present).consulted_incidents.load_many(ids)
            return await self._then(incidents.SUBJECTS, [each for each in now if isinstance(each, Incident)], True)

        return single_loader(find)

    async def _by_ids(
        self, view: SubjectQueries[S], names: Names | None, ids: list[UUID]
    ) -> Mapping[UUID, S | SubjectParked]:
        now = await super()._by_ids(view, None, ids)
        states = [each for each in now.values() if not isinstance(each, SubjectParked)]
        parked = {subject: each for subject, each in now.items() if isinstance(each, SubjectParked)}
        return {**await self._then(view, states), **parked}

    async def _then(self, view: SubjectQueries[S], now: Iterable[S], unrestricted: bool = False) -> dict[UUID, S]:
        """The states then. now: the newest ones. unrestricted: whether or not the viewer may see them."""
        newest = {each.id: each for each in now}
        parts = await self._parts.load_many(newest)
        versions = {subject: part.version for subject, part in zip(newest, parts, strict=True) if part}
        found: dict[UUID, S] = {
            subject: each for subject, each in newest.items() if versions.get(subject, 0) >= each.version
        }
        earlier = [each for each in versions.items() if each[0] not in found and each[1] > 0]
        if earlier:
            rows = await self.rows(
                lambda scope: view.at_versions(
                    scope.of_everything() if unrestricted else scope, earlier
                ).despite_parked()
            )
            found |= {state.id: state for _, state in rows}
        return found

    @cached_property
    def _parts(self) -> DataLoader[UUID, HappenedPart | None]:
        """How far each subject had come: no secret of those who may see it, so events that they may not see count."""

        async def find(ids: list[UUID]) -> Mapping[UUID, HappenedPart]:
            return dict(
                await self.rows(lambda scope: audit_trail_queries.happened(scope.of_everything(), ids, self.now))
            )

        return single_loader(find)

    async def _open_reading(self) -> Reading:
        return await self._reader.reading(
            self.actor, at_least=self._at_least, reached=self._reached, now=self.present.now
        )


def as_happened(loaders: Loaders, instant: datetime) -> LoadersAsHappened:
    """The same, by what had happened by an instant. loaders: of the present."""
    return loaders.made(LoadersAsHappened, loaders._at_least, PastInstant(instant), loaders)
