"""The positions of the views as a process knows them. One query serves all waiters, and runs only while any wait."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import inf
from typing import Final

FRESH: Final = 0.05
"""Seconds for which an answer counts as current."""
SHORTEST: Final = 0.002
LONGEST: Final = 0.025
"""Seconds between two queries; a follower takes a few milliseconds."""

Ask = Callable[[], Awaitable[Mapping[str, int]]]


class ViewBehind(Exception):
    """A view did not reach the requested position in time. view: its name; position: where it is."""

    def __init__(self, view: str, position: int, wanted: int) -> None:
        super().__init__(f"the view {view} is at position {position}, not yet at {wanted}")
        self.view = view
        self.position = position
        self.wanted = wanted


class EventParked(ViewBehind):
    """A view has parked the event at a position. The event is applied once the fold is fixed."""

    def __init__(self, view: str, position: int, wanted: int) -> None:
        super().__init__(view, position - 1, wanted)
        self.args = (f"the view {view} has parked the event at position {position} until its fold is fixed",)


class ViewPositions:
    """Positions only rise while the server lives, so a position once reached needs no further wait. Whoever relies on
    it checks again when reading: a server crash may lose the last steps of a view (synchronous_commit is off)."""

    def __init__(self, ask: Ask) -> None:
        """ask: queries the position of every view."""
        self._ask = ask
        self._positions: dict[str, int] = {}
        self._resets = 0
        self._asked_at = -inf
        self._asking: asyncio.Task[None] | None = None

    async def wait_until(self, views: Iterable[str], wanted: int, patience: float) -> None:
        """Waits until all views have reached the position. patience: seconds. Raises ViewBehind and errors of `ask`."""
        behind = [view for view in views if self._positions.get(view, 0) < wanted]
        if not behind:
            return
        clock = asyncio.get_running_loop().time
        deadline, interval = clock() + patience, SHORTEST
        while True:
            await self._refresh()
            behind = [view for view in behind if self._positions.get(view, 0) < wanted]
            if not behind:
                return
            if clock() >= deadline:
                raise ViewBehind(behind[0], self._positions.get(behind[0], 0), wanted)
            await asyncio.sleep(min(interval, max(deadline - clock(), 0)))
            interval = min(interval * 2, LONGEST)

    async def look(self) -> None:
        """Queries the positions if the last query is older than FRESH. Raises errors of `ask`."""
        if asyncio.get_running_loop().time() - self._asked_at > FRESH:
            await self._refresh()

    async def minimum(self, views: Iterable[str]) -> int:
        """The lowest current position of the views. Raises errors of `ask`."""
        await self._refresh()
        return min(self._positions.get(view, 0) for view in views)

    def reset(self) -> None:
        """Forgets all positions: a crashed server may have lost the last steps of its views, which are repeated."""
        self._positions = {}
        self._asked_at = -inf
        self._resets += 1

    async def _refresh(self) -> None:
        """Joins a query that is running. Cancelling one waiter does not cancel the query for the others."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._query())
        await asyncio.shield(self._asking)

    async def _query(self) -> None:
        """Repeats the query if there was a reset meanwhile, also by `ask` itself: the answer may be older than that."""
        resets = None
        while resets != self._resets:
            resets, began = self._resets, asyncio.get_running_loop().time()
            found = await self._ask()
            if resets == self._resets:
                self._positions, self._asked_at = dict(found), began
