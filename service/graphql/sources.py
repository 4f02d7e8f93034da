"""What one reading can be asked for, gathered: however many fields ask in a moment, it is one statement a question."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.authority import Authority
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.jurisdiction import Mandate
from domain.marking import Viewer
from domain.vocabulary import Actor, AuthorityCode
from projections import audit_trail, authorities, deployment_requests, incidents, people
from projections.asking import EVERYTHING, Question, Sight
from projections.audit_trail import Entry
from projections.reading import Reader, Reading, ViewBehind

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Person = tuple[str, str]
"""Issuer and subject."""
Part = tuple[UUID, int, int]
"""A part of a history: the subject, how many events, after which position."""


class Sources:
    """What is found is what the viewer may see; None stands for all else. Nothing is read before it is asked for."""

    def __init__(
        self, reader: Reader, actor: Actor, now: datetime, at_least: int | None = None, as_of: datetime | None = None
    ) -> None:
        self.actor = actor
        self.now = now
        self._reader = reader
        self._at_least = at_least
        self._as_of = as_of
        self._reading: asyncio.Future[Reading] | None = None

    def at_least(self, position: int) -> "Sources":
        """The same, read at least at a position: for what one view names before another has it."""
        return Sources(self._reader, self.actor, self.now, max(position, self._at_least or 0), self._as_of)

    async def rows(self, question: Callable[[Sight], Question[T]]) -> list[T]:
        """Raises ViewBehind, Unanswered."""
        reading = await self._begun()
        return await reading.rows(question(reading.sight))

    async def number(self, question: Callable[[Sight], Question[int]]) -> int:
        """The answer to a question that has one row."""
        return (await self.rows(question))[0]

    async def anyway(self, question: Callable[[Sight], Question[T]]) -> list[T]:
        """The rows as the views have them, should they not get to the position in time."""
        try:
            return await self.rows(question)
        except ViewBehind:
            reading = await self._reader.reading(self.actor)
            return await reading.rows(question(reading.sight))

    async def viewer(self) -> Viewer:
        """Who looks. For what is at hand already: as the views know them, should these be behind."""
        try:
            return (await self._begun()).viewer
        except ViewBehind:
            return (await self._reader.reading(self.actor)).viewer

    async def _begun(self) -> Reading:
        if self._reading is None:
            begun = self._reader.reading(self.actor, at_least=self._at_least, as_of=self._as_of)
            self._reading = asyncio.ensure_future(begun)
        return await self._reading

    @cached_property
    def requests(self) -> DataLoader[UUID, DeploymentRequest | None]:
        async def find(ids: list[UUID]) -> Mapping[UUID, DeploymentRequest]:
            rows = await self.rows(lambda sight: deployment_requests.by_ids(sight, ids))
            return {found.id: found for found in rows}

        return _one_each(find)

    @cached_property
    def incidents(self) -> DataLoader[UUID, Incident | None]:
        async def find(ids: list[UUID]) -> Mapping[UUID, Incident]:
            rows = await self.rows(lambda sight: incidents.by_ids(sight, ids))
            return {found.id: found for found in rows}

        return _one_each(find)

    @cached_property
    def requests_on(self) -> DataLoader[UUID, tuple[DeploymentRequest, ...]]:
        """By incident: the requests that rest on it."""

        async def find(ids: list[UUID]) -> Mapping[UUID, tuple[DeploymentRequest, ...]]:
            rows = await self.rows(lambda sight: deployment_requests.resting_on(sight, ids))
            return {each: tuple(found for found in rows if each in found.incidents) for each in ids}

        return _many_each(find)

    @cached_property
    def authorities(self) -> DataLoader[str, Authority | None]:
        """By code."""

        async def find(codes: list[str]) -> Mapping[str, Authority]:
            rows = await self.rows(lambda sight: authorities.by_codes(sight, codes))
            return {found.code: found for found in rows}

        return _one_each(find)

    @cached_property
    def authorities_by_id(self) -> DataLoader[UUID, Authority | None]:
        async def find(ids: list[UUID]) -> Mapping[UUID, Authority]:
            rows = await self.rows(lambda sight: authorities.by_ids(sight, ids))
            return {found.id: found for found in rows}

        return _one_each(find)

    @cached_property
    def mandates(self) -> DataLoader[str, tuple[Mandate, ...]]:
        """By the authority's code."""

        async def find(codes: list[str]) -> Mapping[str, tuple[Mandate, ...]]:
            rows = await self.rows(lambda sight: authorities.jurisdictions_of(sight, codes))
            return {code: authorities.mandates_of(AuthorityCode(code), rows) for code in codes}

        return _many_each(find)

    @cached_property
    def names(self) -> DataLoader[Person, str | None]:
        async def find(persons: list[Person]) -> Mapping[Person, str]:
            rows = await self.rows(lambda sight: people.names(persons))
            return {(found.issuer, found.subject): found.name for found in rows}

        return _one_each(find)

    @cached_property
    def histories(self) -> DataLoader[Part, tuple[Entry, ...]]:
        async def find(parts: list[Part]) -> Mapping[Part, tuple[Entry, ...]]:
            found: dict[Part, tuple[Entry, ...]] = {}
            for limit, after in {part[1:] for part in parts}:
                subjects = [subject for subject, *rest in parts if rest == [limit, after]]
                rows = await self._part(subjects, limit, after)
                found |= {(own, limit, after): tuple(row for row in rows if row.subject == own) for own in subjects}
            return found

        return _many_each(find)

    async def _part(self, subjects: Iterable[UUID], limit: int, after: int) -> list[Entry]:
        return await self.rows(lambda sight: audit_trail.histories(sight, subjects, limit, after))

    @cached_property
    def events(self) -> DataLoader[int, Entry | None]:
        """By position."""

        async def find(positions: list[int]) -> Mapping[int, Entry]:
            rows = await self.rows(lambda sight: audit_trail.at_positions(sight, positions))
            return {found.position: found for found in rows}

        return _one_each(find)

    @cached_property
    def mentioned(self) -> DataLoader[UUID, UUID | None]:
        """Incidents and pieces of evidence that events name: each that the viewer may see."""

        async def find(mentions: list[UUID]) -> Mapping[UUID, UUID]:
            rows = await self.anyway(lambda sight: audit_trail.seen(sight, mentions))
            return {found: found for found in rows}

        return _one_each(find)

    @cached_property
    def consulted_incidents(self) -> DataLoader[UUID, object | None]:
        """For rules alone: whether the viewer may see them or not. What may be told of them, the rule says."""

        async def find(ids: list[UUID]) -> Mapping[UUID, object]:
            rows = await self.rows(lambda sight: incidents.by_ids(EVERYTHING, ids))
            return {found.id: found for found in rows}

        return _one_each(find)

    @cached_property
    def consulted_mandates(self) -> DataLoader[UUID, object | None]:
        """For rules alone: authorities and jurisdictions, by stream."""

        async def find(ids: list[UUID]) -> Mapping[UUID, object]:
            held = await self.rows(lambda sight: authorities.jurisdictions_by_ids(EVERYTHING, ids))
            registered = await self.rows(lambda sight: authorities.by_ids(EVERYTHING, ids))
            return {**{found.id: found for found in held}, **{found.id: found for found in registered}}

        return _one_each(find)


def _one_each(find: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V | None]:
    async def load(keys: list[K]) -> Sequence[V | None]:
        found = await find(keys)
        return [found.get(key) for key in keys]

    return DataLoader(load)


def _many_each(find: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> DataLoader[K, V]:
    async def load(keys: list[K]) -> Sequence[V]:
        found = await find(keys)
        return [found[key] for key in keys]

    return DataLoader(load)
