"""What the visibility of an authority's persons depends on. It is read again once its views have changed."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.authority import Authority
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.visibility import disclosed_to
from domain.jurisdiction import Jurisdiction
from domain.visibility import Viewer, viewer
from domain.vocabulary import Actor, AuthorityCode
from projections.reading.queries import Query

KEPT: Final = 1024
"""Authorities whose standing is cached."""

Mark = tuple[int, datetime]
"""What changes with every change of a view: its position, and when its checkpoint was written."""
Standing = list[Authority | Jurisdiction]
"""An authority, if registered, and the jurisdictions of its mandates."""
StandingOf = Callable[[AuthorityCode], Query[Authority | Jurisdiction]]


class ViewerCache:
    def __init__(self, standing_of: StandingOf) -> None:
        self.query = standing_of
        self._cached: dict[AuthorityCode, tuple[tuple[Mark | None, ...], Standing]] = {}

    def clear(self) -> None:
        """Another database may answer next."""
        self._cached = {}

    async def viewer(
        self,
        actor: Actor,
        now: datetime,
        marks: Mapping[str, Mark],
        ask: Callable[[Query[Authority | Jurisdiction]], Awaitable[Standing]],
    ) -> Viewer:
        """The viewer, by the mandates that are valid now. marks: of the views, no newer than what `ask` returns."""
        registered, audits_everything, holds = False, False, []
        for found in await self._read(actor.authority, marks, ask):
            if isinstance(found, Authority):
                registered, audits_everything = True, found.audits_everything
            elif (mandate := found.mandate(now)) is not None and mandate.authority == actor.authority:
                holds.append(mandate.region)
        return viewer(actor, registered=registered, holds=holds, audits_everything=audits_everything)

    async def _read(
        self,
        authority: AuthorityCode,
        marks: Mapping[str, Mark],
        ask: Callable[[Query[Authority | Jurisdiction]], Awaitable[Standing]],
    ) -> Standing:
        query = self.query(authority)
        version = tuple(marks.get(view) for view in query.views)
        cached = self._cached.get(authority)
        if cached is not None and cached[0] == version:
            return cached[1]
        found = await ask(query)
        if len(self._cached) >= KEPT:
            self._cached.clear()
        self._cached[authority] = version, found
        return found


def disclosed_row(row: Any, viewer: Viewer) -> Any:
    """The row, with each request in it as the viewer may see it."""
    if isinstance(row, DeploymentRequest):
        return disclosed_to(viewer, row)
    if type(row) is tuple:
        for part in row:
            if isinstance(part, DeploymentRequest) or type(part) is tuple:
                return tuple(disclosed_row(part, viewer) for part in row)
    return row
