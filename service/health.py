"""Whether the register can do its work now, as load balancers, containers and operators ask."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from domain.vocabulary import SYSTEM
from projections import checkpoints
from projections.catalogue import VIEWS
from projections.checkpoints import FollowerState, Status
from projections.reading import Reader, Unanswered
from service.migrations import pending
from service.policing import COURSE


@dataclass(frozen=True, slots=True)
class Health:
    """problems: what is wrong, by what it is wrong with; empty when all is well."""

    problems: dict[str, str]

    @property
    def is_ready(self) -> bool:
        return not self.problems

    def told(self) -> dict[str, Any]:
        return {"status": "ready" if self.is_ready else "not ready", "problems": self.problems}


class Examination:
    """Examines one process's register, as often as it is asked."""

    def __init__(self, reader: Reader, url: str) -> None:
        self._reader = reader
        self._url = url
        self._is_migrated = False

    async def examine(self) -> Health:
        """The database is reachable, its tables are as this version needs them, and every view has a live follower."""
        try:
            if not self._is_migrated and (missing := await asyncio.to_thread(pending, self._url)):
                return Health({"migrations": f"{', '.join(missing)} not applied: run 'mandate migrate'"})
            self._is_migrated = True
            reading = await self._reader.reading(SYSTEM)
            return Health(view_problems(await reading.rows(checkpoints.statuses())))
        except (Unanswered, DBAPIError):
            return Health({"database": "it does not answer"})


def view_problems(statuses: Sequence[Status]) -> dict[str, str]:
    """What is wrong with the views, by name."""
    known = {status.view: status for status in statuses}
    found = {name: _problem(known.get(name)) for name in (*(view.name for view in VIEWS), COURSE)}
    return {name: problem for name, problem in found.items() if problem is not None}


def _problem(status: Status | None) -> str | None:
    if status is None:
        return "it was never followed: run 'mandate worker'"
    if status.state is FollowerState.FAILED:
        return "its follower cannot apply what comes next"
    if not status.led:
        return "no follower leads it: run 'mandate worker'"
    return None
