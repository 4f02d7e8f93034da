"""Reader: the one way to ask the views, as somebody, at least at a position, within a time limit."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.marking import Viewer
from domain.vocabulary import Actor
from projections.asking import Question, Sight

T = TypeVar("T")


class ViewBehind(Exception):
    """A view did not reach the position asked for in time. view: its name; position: where it is."""

    def __init__(self, view: str, position: int, wanted: int) -> None:
        super().__init__(f"the view {view} is at position {position}, not yet at {wanted}")
        self.view = view
        self.position = position
        self.wanted = wanted


class InstantAhead(Exception):
    """An instant after both the database's clock and the last event: nobody can say what the register will say then."""


class Unanswered(Exception):
    """The database did not answer, or not in time. retry_after: seconds."""

    def __init__(self, reason: str, *, retry_after: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Reading:
    """What one viewer reads, as of now or then, at least at a position. Made by Reader."""

    sight: Sight
    now: datetime
    """The database's clock when the reading began."""

    @property
    def viewer(self) -> Viewer:
        return self.sight.viewer

    async def rows(self, question: Question[T]) -> list[T]:
        """Raises ViewBehind, Unanswered."""
        raise NotImplementedError

    async def one(self, question: Question[T]) -> T | None:
        """The first row of the answer."""
        raise NotImplementedError


class Reader:
    def __init__(self, engine: AsyncEngine, *, patience: float = 5.0) -> None:
        """patience: seconds that a view is waited for."""

    async def reading(self, actor: Actor, *, at_least: int | None = None, as_of: datetime | None = None) -> Reading:
        """Begins a reading: finds out what the actor may see now, and what position `as_of` stands for.

        Raises InstantAhead, ViewBehind, Unanswered.
        """
        raise NotImplementedError
