"""How far the views are, as a process knows it: asked once for all who wait, and only while somebody waits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

SHORTEST: Final = 0.002
LONGEST: Final = 0.025
"""Seconds between two looks: a follower takes a few milliseconds."""

Ask = Callable[[], Awaitable[Mapping[str, int]]]


class ViewBehind(Exception):
    """A view did not reach the position asked for in time. view: its name; position: where it is."""

    def __init__(self, view: str, position: int, wanted: int) -> None:
        super().__init__(f"the view {view} is at position {position}, not yet at {wanted}")
        self.view = view
        self.position = position
        self.wanted = wanted


class EventParked(ViewBehind):
    """A view went on, and set aside the event at a position: it is there when the fold is mended."""

    def __init__(self, view: str, position: int, wanted: int) -> None:
        super().__init__(view, position - 1, wanted)
        self.args = (f"the view {view} has set aside the event at position {position} until its fold is mended",)


class ViewPositions:
    """Positions only rise while the server lives: one that was reached need not be waited for again. Whoever relies on
    it looks again in the moment of the reading, since a server that falls may take steps of its views with it."""

    def __init__(self, ask: Ask) -> None:
        """ask: the position of every view."""
        self._ask = ask
        self._known: dict[str, int] = {}
        self._forgotten = 0
        self._asking: asyncio.Task[None] | None = None

    async def wait_until(self, views: Iterable[str], wanted: int, patience: float) -> None:
        """Waits until all of the views are there. patience: seconds. Raises ViewBehind, and whatever asking raises."""
        behind = [view for view in views if self._known.get(view, 0) < wanted]
        if not behind:
            return
        clock = asyncio.get_running_loop().time
        deadline, interval = clock() + patience, SHORTEST
        while True:
            await self._look()
            behind = [view for view in behind if self._known.get(view, 0) < wanted]
            if not behind:
                return
            if clock() >= deadline:
                raise ViewBehind(behind[0], self._known.get(behind[0], 0), wanted)
            await asyncio.sleep(min(interval, max(deadline - clock(), 0)))
            interval = min(interval * 2, LONGEST)

    async def minimum(self, views: Iterable[str]) -> int:
        """The position that all of the views have reached now. Raises whatever asking raises."""
        await self._look()
        return min(self._known.get(view, 0) for view in views)

    def reset(self) -> None:
        """A server that fell may have lost the last steps of its views: they are taken again."""
        self._known = {}
        self._forgotten += 1

    async def _look(self) -> None:
        """Joins a look that is under way: who gives up on it does not end it for the others."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._learn())
        await asyncio.shield(self._asking)

    async def _learn(self) -> None:
        """Asks again where something was forgotten meanwhile, also by the asking: what was found may be of before."""
        forgotten = None
        while forgotten != self._forgotten:
            forgotten, found = self._forgotten, await self._ask()
            if forgotten == self._forgotten:
                self._known = dict(found)
