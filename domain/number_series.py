"""Gapless reference numbers: one stream per authority, kind and year. Its version is the last number assigned."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.decider import Context
from domain.recorded_event import Recorded
from domain.vocabulary import AuthorityCode, derived_id


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAssigned:
    subject: UUID


Event = NumberAssigned


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbering:
    version: int


def evolve(state: Numbering | None, recorded: Recorded[Event]) -> Numbering:
    return Numbering(version=recorded.version)


def series(authority: AuthorityCode, year: int, kind: str = "") -> str:
    """'pristina-2024' for requests, 'pristina-i-2024' for incidents."""
    return f"{authority}-{kind}-{year}" if kind else f"{authority}-{year}"


def stream_of(series: str) -> UUID:
    return derived_id("numbering", series)


def next_reference(context: Context, series: str) -> str:
    """'pristina-2024-0001'."""
    state = context.read(Numbering, stream_of(series))
    return f"{series}-{(state.version if state else 0) + 1:04}"


FORM: Final = re.compile(r"(?P<series>[a-z0-9-]+)-(?P<number>[0-9]{4,9})")


def place_of(reference: str) -> tuple[UUID, int] | None:
    """The stream of the series, and the number; None if the text is not a reference."""
    match = FORM.fullmatch(reference)
    if match is None or (number := int(match["number"])) < 1 or f"{number:04}" != match["number"]:
        return None
    return stream_of(match["series"]), number
