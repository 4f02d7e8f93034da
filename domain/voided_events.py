"""Placeholders of unreadable events that an operator has voided. They keep the position and change nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.recorded_event import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVoided:
    """Replaces an unreadable event when the log is read; its bytes stay stored. stored_as: its stored name.

    reason: who voided it, when and why, as a text for every output.
    """

    reason: str
    voided_by: str
    voided_at: datetime
    stored_as: str


class RequestEventVoided(EventVoided):
    """In the stream of a deployment request."""

    __slots__ = ()


class IncidentEventVoided(EventVoided):
    """In the stream of an incident."""

    __slots__ = ()


class AuthorityEventVoided(EventVoided):
    """In the stream of an authority."""

    __slots__ = ()


class JurisdictionEventVoided(EventVoided):
    """In the stream of the mandates over a region."""

    __slots__ = ()


class NumberingEventVoided(EventVoided):
    """In a number series. The number stays used."""

    __slots__ = ()


class BlockEventVoided(EventVoided):
    """In the stream of the blocked persons."""

    __slots__ = ()


class DeputyEventVoided(EventVoided):
    """In the stream of an authority's deputies."""

    __slots__ = ()


class RegionEventVoided(EventVoided):
    """In the stream of a region's parts."""

    __slots__ = ()


class WebhookEventVoided(EventVoided):
    """In the stream of a webhook endpoint."""

    __slots__ = ()


class MailEventVoided(EventVoided):
    """In the stream of a mail subscription."""

    __slots__ = ()


class UnknownEventVoided(EventVoided):
    """In a stream without readable events so far, whose kind is therefore unknown."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unbegun:
    """The state of a stream of which every event so far is voided."""

    version: int


Evolve = Callable[[Any, Recorded[Any]], Any]


def passing_voided(evolve: Evolve) -> Evolve:
    """`evolve`, extended to voided events, which change only the version."""

    def evolved(state: Any, recorded: Recorded[Any]) -> Any:
        has_begun = state is not None and not isinstance(state, Unbegun)
        if not isinstance(recorded.event, EventVoided):
            return evolve(state if has_begun else None, recorded)
        return replace(state, version=recorded.version) if has_begun else Unbegun(recorded.version)

    return evolved
