"""What one reading can be asked for, gathered: however many fields ask in a moment, it is one statement a question."""

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
from domain.marking import Viewer
from domain.vocabulary import Actor, AuthorityCode
from projections import audit_trail_queries, authorities, deployment_requests
from projections.audit_trail import Entry
from projections.reading import person_names
from projections.reading.queries import Question, Sight
from projections.reading.reader import InstantAhead, Reader, Reading, SetAside, ViewBehind
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.execution.pace import Pace
from service.graphql.loaders.dataloader import many_each, one_each
from service.graphql.loaders.parked_subjects import INCIDENTS, REQUESTS, Subjects, Version

T = TypeVar("T")

Person = tuple[str, str]
"""Issuer and subject."""
Part = tuple[UUID, int, int]
"""A part of a history: the subject, how many events, after which position."""

AsNode = Callable[[DeploymentRequest | Incident | Authority, "Sources"], object]
"""Makes the node of the API from a state: the loaders know no type of the schema."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant of the past. position: of the last event recorded by then, where it is known."""

    instant: datetime
    position: int | None = None


class Sources:
    """What is found is what the viewer may see now; None stands for all else. Nothing is read before it is asked for.

    now: the time by which things are judged: of the request, or the instant whose past is told. at_least, reached: as
    in `Reader.answer`.
    present: what is found now, with the same conditions. moment: whose past is told, None where the present is.
    pace: of the person who asks.
    """

    def __init__(
        self,
        reader: Reader,
        as_node: AsNode,
        actor: Actor,
        now: datetime,
        at_least: int | None = None,
        moment: Moment | None = None,
        present: "Sources | None" = None,
        reached: int | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.as_node = as_node
        self.actor = actor
        self.pace = pace or Pace()
        self.now = moment.instant if moment else now
        self.moment = moment
        self.present = present or self
        self.told_requests = Subjects(REQUESTS, reader, self)
        self.told_incidents = Subjects(INCIDENTS, reader, self)
        self._reader = reader
        self._at_least = at_least
        self._reached = reached
        self._reading: asyncio.Future[Reading] | None = None
        self._past: dict[Moment, Sources] = {}

    def as_of(self, instant: datetime | None, position: int | None = None) -> "Sources":
        """What the register said at an instant. position: of the last event recorded by then, where it is known."""
        if instant is None:
            return self
        moment, present = Moment(instant, position), self.present
        found = present._past.get(moment)
        if found is None:
            found = Sources(
                self._reader,
                self.as_node,
                self.actor,
                present.now,
                self._at_least,
                moment,
                present,
                self._reached,
                self.pace,
            )
            present._past[moment] = found
        return found

    def at_least(self, position: int) -> "Sources":
        """The same, read at least at a position: for what one view names before another has it."""
        known = None if self.present is self else self.present
        least = max(position, self._at_least or 0)
        return Sources(
            self._reader,
            self.as_node,
            self.actor,
            self.present.now,
            least,
            self.moment,
            known,
            self._reached,
            self.pace,
        )

    async def rows(self, question: Callable[[Sight], Question[T]]) -> list[T]:
        """Raises ViewBehind, Unanswered."""
        reading = await self._begun()
        return await reading.rows(question(reading.sight))

    async def number(self, question: Callable[[Sight], Question[int]]) -> int:
        """The answer to a question that has one row."""
        return (await self.rows(question))[0]

    async def anyway(self, question: Callable[[Sight], Question[T]]) -> list[T]:
        """The rows as the views have them, should they not get to the position in time. A past has one answer alone."""
        try:
            return await self.rows(question)
        except ViewBehind:
            if self.moment is not None:
                raise
            reading = await self._reader.reading(self.actor)
            return await reading.rows(question(reading.sight))

    @property
    def is_exact(self) -> bool:
        """Whether an answer may leave out no event of those that were recorded by then."""
        return self.moment is not None or self._at_least is not None

    async def sight(self) -> Sight:
        return (await self._begun()).sight

    async def viewer(self) -> Viewer:
        """Who looks. For what is at hand already: as the views know them, should these be behind."""
        try:
            return (await self._begun()).viewer
        except ViewBehind:
            return (await self._reader.reading(self.actor)).viewer

    async def _begun(self) -> Reading:
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._begin())
        try:
            return await asyncio.shield(self._reading)
        except InstantAhead as ahead:
            raise BadUserInput("asOf", f"{ahead}.") from None

    async def _begin(self) -> Reading:
        moment = self.moment
        return await self._reader.reading(
            self.actor,
            at_least=self._at_least,
            reached=self._reached,
            as_of=moment.instant if moment else None,
            position=moment.position if moment else None,
            now=self.present.now,
        )

    @cached_property
    def requests(self) -> DataLoader[UUID, DeploymentRequest | None]:
        return one_each(self.told_requests.by_ids)

    @cached_property
    def versions(self) -> DataLoader[Version, tuple[int, DeploymentRequest] | None]:
        """Requests as they stood at a version, each with the position of the event that made it."""

        async def find(wanted: list[Version]) -> Mapping[Version, tuple[int, DeploymentRequest]]:
            rows = await self.told_requests.at_versions(wanted, deployment_requests.at_versions)
            return {(state.id, state.version): (position, state) for position, state in rows}

        return one_each(find)

    @cached_property
    def incidents(self) -> DataLoader[UUID, Incident | None]:
        return one_each(self.told_incidents.by_ids)

    @cached_property
    def requests_on(self) -> DataLoader[UUID, tuple[DeploymentRequest, ...]]:
        """By incident: the requests that rest on it."""

        async def find(ids: list[UUID]) -> Mapping[UUID, tuple[DeploymentRequest, ...] | SetAside]:
            rows = await self.rows(lambda sight: deployment_requests.resting_on(sight, ids).about(()))
            named = await self.told_requests.naming(ids, lambda found: found.incidents)
            apart = {state.id: state for state, _ in named}
            lost: dict[UUID, SetAside] = {each: why for state, why in named if why for each in state.incidents}
            set_aside = await self.told_requests.set_aside()
            rows = [row for row in rows if row.id not in set_aside and row.id not in apart]
            rows = sorted((*rows, *apart.values()), key=_in_order)
            return {each: lost.get(each) or tuple(found for found in rows if each in found.incidents) for each in ids}

        return many_each(find)

    @cached_property
    def authorities(self) -> DataLoader[str, Authority | None]:
        """By code."""

        async def find(codes: list[str]) -> Mapping[str, Authority]:
            rows = await self.rows(lambda sight: authorities.by_codes(sight, codes))
            return {found.code: found for found in rows}

        return one_each(find)

    @cached_property
    def authorities_by_id(self) -> DataLoader[UUID, Authority | None]:
        async def find(ids: list[UUID]) -> Mapping[UUID, Authority]:
            rows = await self.rows(lambda sight: authorities.by_ids(sight, ids))
            return {found.id: found for found in rows}

        return one_each(find)

    @cached_property
    def mandates(self) -> DataLoader[str, tuple[Mandate, ...]]:
        """By the authority's code."""

        async def find(codes: list[str]) -> Mapping[str, tuple[Mandate, ...]]:
            rows = await self.rows(lambda sight: authorities.jurisdictions_of(sight, codes))
            return {code: authorities.mandates_of(AuthorityCode(code), rows) for code in codes}

        return many_each(find)

    @cached_property
    def names(self) -> DataLoader[Person, str | None]:
        async def find(persons: list[Person]) -> Mapping[Person, str]:
            rows = await self.rows(lambda sight: person_names.names(persons))
            return {(found.issuer, found.subject): found.name for found in rows}

        return one_each(find)

    @cached_property
    def histories(self) -> DataLoader[Part, tuple[Entry, ...]]:
        async def find(parts: list[Part]) -> Mapping[Part, tuple[Entry, ...]]:
            found: dict[Part, tuple[Entry, ...]] = {}
            for limit, after in {part[1:] for part in parts}:
                subjects = [subject for subject, *rest in parts if rest == [limit, after]]
                rows = await self._part(subjects, limit, after)
                found |= {(own, limit, after): tuple(row for row in rows if row.subject == own) for own in subjects}
            return found

        return many_each(find)

    async def _part(self, subjects: Iterable[UUID], limit: int, after: int) -> list[Entry]:
        return await self.rows(lambda sight: audit_trail_queries.histories(sight, subjects, limit, after))

    @cached_property
    def events(self) -> DataLoader[int, Entry | None]:
        """By position."""

        async def find(positions: list[int]) -> Mapping[int, Entry]:
            rows = await self.rows(lambda sight: audit_trail_queries.at_positions(sight, positions))
            return {found.position: found for found in rows}

        return one_each(find)

    @cached_property
    def mentioned(self) -> DataLoader[UUID, UUID | None]:
        """Incidents and pieces of evidence that events name: each that the viewer may see."""

        async def find(mentions: list[UUID]) -> Mapping[UUID, UUID]:
            rows = await self.anyway(lambda sight: audit_trail_queries.seen(sight, mentions))
            return {found: found for found in rows}

        return one_each(find)

    @cached_property
    def consulted_incidents(self) -> DataLoader[UUID, object | None]:
        """For rules alone: whether the viewer may see them or not. What may be told of them, the rule says."""

        return one_each(partial(self.told_incidents.by_ids, whole=True))

    @cached_property
    def consulted_mandates(self) -> DataLoader[UUID, object | None]:
        """For rules alone: authorities and jurisdictions, by stream."""

        async def find(ids: list[UUID]) -> Mapping[UUID, object]:
            held = await self.rows(lambda sight: authorities.jurisdictions_by_ids(sight.of_everything(), ids))
            registered = await self.rows(lambda sight: authorities.by_ids(sight.of_everything(), ids))
            return {**{found.id: found for found in held}, **{found.id: found for found in registered}}

        return one_each(find)


def _in_order(request: DeploymentRequest) -> tuple[datetime, UUID]:
    return request.submitted_at, request.id
