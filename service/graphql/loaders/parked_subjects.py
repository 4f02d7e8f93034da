"""Requests and incidents whose stream a view has parked: their state is unknown, so they answer VIEW_BEHIND."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final, NoReturn
from uuid import UUID

from graphql import GraphQLError

from projections.views import audit_trail_queries
from service.graphql.execution.graphql_errors import VIEW_BEHIND

if TYPE_CHECKING:
    from projections.views.audit_trail import AuditEntry
    from service.graphql.loaders.viewer_rows import ViewerRows

HIDDEN: Final = "A view cannot show something that this depends on."


class SubjectParked(GraphQLError):
    """VIEW_BEHIND with `parkedAt`, the position of the event that the view could not apply."""

    def __init__(self, view: str, position: int | None) -> None:
        """position: None if the viewer may not see the subject."""
        message = f"The view {view} has parked the event at position {position} until its fold is fixed."
        hidden = position is None
        super().__init__(
            HIDDEN if hidden else message,
            extensions={"code": VIEW_BEHIND, "parkedAt": None if hidden else str(position)},
        )


class ParkedState:
    """The state of a parked subject: its id is known, and everything else raises SubjectParked."""

    def __init__(self, id: UUID, parked: SubjectParked) -> None:
        self.id, self._parked = id, parked

    def __getattr__(self, name: str) -> NoReturn:
        raise self._parked


Parked = dict[UUID, SubjectParked]
"""By subject."""


def refuse(parked: Parked) -> None:
    """Raises the first of them, if there is any."""
    for each in parked.values():
        raise each


class ParkedSubjects:
    """The subjects that a view has parked at an event up to the instant of the reading. Earlier states are in its rows.

    The audit trail never parks: whoever may see a subject's first event there may see the subject.
    """

    def __init__(self, view: str, rows: "ViewerRows") -> None:
        self._view = view
        self._rows = rows

    async def positions(self) -> Mapping[UUID, int]:
        """The position of the event that could not be applied, by subject."""
        return await self._rows.parked_streams(self._view)

    async def among(self, ids: Collection[UUID], shown: Collection[UUID] = (), *, unrestricted: bool = False) -> Parked:
        """The parked ones of these subjects, if the viewer may see them.

        shown: subjects that the viewer is known to see. unrestricted: include the others, without their position.
        """
        positions = await self.positions()
        parked = {each: positions[each] for each in ids if each in positions}
        seen = {*shown, *(entry.subject for entry in await self._opening_events(parked.keys() - shown))}
        found = {each: SubjectParked(self._view, parked[each]) for each in parked if each in seen}
        hidden = parked.keys() - seen if unrestricted else ()
        return found | {each: SubjectParked(self._view, None) for each in hidden}

    async def called(self, reference: str) -> Parked:
        """The parked subject with this reference, if the viewer may see it."""
        entries = await self._opening_events(await self.positions())
        return await self.among([entry.subject for entry in entries if entry.payload.get("reference") == reference])

    async def naming(self, ids: Collection[UUID]) -> Parked:
        """By incident: a parked subject with an event that names it and that the viewer may see."""
        positions = await self.positions()
        if not positions:
            return {}
        named = await self._rows.rows(lambda scope: audit_trail_queries.naming(scope, positions, ids))
        return {each: SubjectParked(self._view, positions[subject]) for subject, mentions in named for each in mentions}

    async def omitted(self, at_least: int | None) -> Parked:
        """Those that a list would omit or show as they were before the event at a position."""
        subjects = {*await self.positions()} if self._rows.past else set[UUID]()
        if at_least:
            events = await self._rows.rows(lambda scope: audit_trail_queries.at_positions(scope, [at_least]))
            subjects |= {event.subject for event in events}
        return await self.among(subjects)

    async def _opening_events(self, ids: Collection[UUID]) -> list["AuditEntry"]:
        """The first event of each of these subjects that the viewer may see."""
        return await self._rows.rows(lambda scope: audit_trail_queries.histories(scope, ids, 1)) if ids else []
