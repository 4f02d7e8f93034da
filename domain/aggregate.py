"""What is known of one kind of stream: how it is folded, who sees it, and its commands."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, get_args

from domain import voided_events
from domain.decider import Context, Opening, Step
from domain.recorded_event import Recorded, Upcasters
from domain.voided_events import EventVoided


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One kind of stream.

    event: the union of its events. voided: the placeholder of a voided event. is_visible: whether the actor may see
    the aggregate. openings and steps: its commands. upcasters: from old stored forms of its events to the next form.
    """

    name: str
    state: type[Any]
    event: Any
    evolve: Callable[[Any, Recorded[Any]], Any]
    voided: type[EventVoided] = voided_events.UnknownEventVoided
    is_visible: Callable[[Any, Context], bool] = lambda state, context: True
    openings: tuple[Opening[Any, Any, Any], ...] = ()
    steps: tuple[Step[Any, Any, Any], ...] = ()
    upcasters: Upcasters = field(default_factory=dict, hash=False)

    @property
    def events(self) -> tuple[type[Any], ...]:
        return get_args(self.event) or (self.event,)

    @property
    def commands(self) -> tuple[type[Any], ...]:
        """The commands of users, without those that only the register gives."""
        steps = (step for step in self.steps if step.offered)
        return (*(opening.command for opening in self.openings), *(step.command for step in steps))
