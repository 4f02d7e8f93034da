"""Events that an operator has voided, since nobody can read them: they keep their place and change nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.recorded_event import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVoided:
    """Stands in the place of an event that cannot be read. stored_as: its name; its bytes stay as they are.

    reason: who voided it, when and why, in words, as every output shows it.
    """

    reason: str
    voided_by: str
    voided_at: datetime
    stored_as: str


class RequestEventVoided(EventVoided):
    """Of a deployment request."""

    __slots__ = ()


class IncidentEventVoided(EventVoided):
    """Of an incident."""

    __slots__ = ()


class AuthorityEventVoided(EventVoided):
    """Of an authority."""

    __slots__ = ()


class JurisdictionEventVoided(EventVoided):
    """Of the mandates over a region."""

    __slots__ = ()


class NumberingEventVoided(EventVoided):
    """Of a series of numbers: the number stays used."""

    __slots__ = ()


class UnknownEventVoided(EventVoided):
    """Of a stream that has not begun, since nothing before it can be read either: no view knows of it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unbegun:
    """The state of a stream of which every event is voided. version: how many there are."""

    version: int


Evolve = Callable[[Any, Recorded[Any]], Any]


def passing_voided(evolve: Evolve) -> Evolve:
    """The same for every event that can be read. One that was voided changes the version alone."""

    def evolved(state: Any, recorded: Recorded[Any]) -> Any:
        has_begun = state is not None and not isinstance(state, Unbegun)
        if not isinstance(recorded.event, EventVoided):
            return evolve(state if has_begun else None, recorded)
        return replace(state, version=recorded.version) if has_begun else Unbegun(recorded.version)

    return evolved
