"""Aggregate: the registered parts of one region, or the largest regions. One stream for each parent.

So a decision on a path reads only the streams of the regions around it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from itertools import islice
from typing import Final, Protocol
from uuid import UUID

from domain.authority import by_administrator, by_operator_or, own_authority_is_registered
from domain.decider import Context, Opening
from domain.folded_text import folded
from domain.limits import ITEMS
from domain.recorded_event import Recorded
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import AuthorityCode, Label, Language, Region, derived_id, joined, regions_of

NAMES: Final = 20
"""Most names of one region."""
CLOSEST: Final = 3
"""Most registered regions that a refusal names."""
SIMILAR: Final = 0.6
"""Least similarity (`difflib`) of a region that is named as close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionName:
    language: Language
    name: Label


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRegistered:
    """A region, or its new names. authority: the one that the actor acted for."""

    authority: AuthorityCode
    path: Region
    names: tuple[RegionName, ...]


Event = RegionRegistered


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredRegion:
    """registered_at: when it was first registered."""

    path: Region
    names: tuple[RegionName, ...]
    registered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionParts:
    """The registered parts of one region, or the largest regions, in the order of their registration."""

    version: int
    parts: tuple[RegisteredRegion, ...]

    def find(self, path: Region) -> RegisteredRegion | None:
        return next((part for part in self.parts if part.path == path), None)

    def known_at(self, instant: datetime) -> tuple[RegisteredRegion, ...]:
        return tuple(part for part in self.parts if part.registered_at <= instant)


def registered(before: RegisteredRegion | None, recorded: Recorded[Event]) -> RegisteredRegion:
    """A region after an event of its own."""
    since = before.registered_at if before else recorded.happened_at
    return RegisteredRegion(path=recorded.event.path, names=recorded.event.names, registered_at=since)


def evolve(state: RegionParts | None, recorded: Recorded[Event]) -> RegionParts:
    before = state.find(recorded.event.path) if state else None
    after, parts = registered(before, recorded), state.parts if state else ()
    if before is None:
        return RegionParts(version=recorded.version, parts=(*parts, after))
    return RegionParts(version=recorded.version, parts=tuple(after if part is before else part for part in parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRegion:
    """Registers a region, or replaces its names."""

    path: Region
    names: tuple[RegionName, ...]

    def problems(self) -> Problems:
        if not self.names:
            yield FieldProblem(path="names", message="A region needs a name.")
        if len(self.names) > NAMES:
            yield FieldProblem(path="names", message=f"A region has at most {NAMES} names, not {len(self.names)}.")
        languages = [name.language for name in self.names]
        for index, language in enumerate(languages):
            if language in languages[:index]:
                yield FieldProblem(path=f"names.{index}.language", message=f"'{language}' has a name already.")


Command = RegisterRegion


def register(command: RegisterRegion, state: RegionParts | None, context: Context) -> tuple[Event, ...]:
    return (RegionRegistered(authority=context.actor.authority, path=command.path, names=command.names),)


def id_of(path: Region) -> UUID:
    """The id of a region in views."""
    return derived_id("region", path)


def parent_of(path: Region) -> Region | None:
    """The region around it; None for one of the largest."""
    outer = path.rpartition("/")[0]
    return Region(outer) if outer else None


def stream_of(path: Region) -> UUID:
    """The stream that a region is registered in: that of its parent."""
    return derived_id("region parts", parent_of(path) or "")


class NamesRegion(Protocol):
    @property
    def region(self) -> Region: ...


def is_known(command: NamesRegion, state: object, context: Context) -> Problems:
    """If any parts of a region around it are registered, it is one of them or lies in one."""
    yield from is_known_region(command.region, context)


def is_known_region(wanted: Region, context: Context) -> Problems:
    for path in reversed(regions_of(wanted)):
        parts = context.read(RegionParts, stream_of(path))
        known = parts.known_at(context.now) if parts else ()
        if not known:
            return
        if all(part.path != path for part in known):
            yield FieldProblem(path="region", message=_unknown(path, known))
            return


def _unknown(path: Region, known: tuple[RegisteredRegion, ...]) -> str:
    closest = [f"'{part.path}' ({part.names[0].name})" for part in _closest(path, known)]
    verb = "is" if len(closest) == 1 else "are"
    return (
        f"No region '{path}' is registered. The closest {verb} {joined(closest, 'and')}. "
        "An administrator can register another."
    )


def _closest(path: Region, known: tuple[RegisteredRegion, ...]) -> Iterable[RegisteredRegion]:
    """The regions whose path or names are most similar; the first ones if none is."""
    spellings: dict[str, RegisteredRegion] = {}
    for part in known:
        for spelling in (_spoken(part.path), *(folded(name.name) for name in part.names)):
            spellings.setdefault(spelling, part)
    found = get_close_matches(_spoken(path), spellings, n=NAMES, cutoff=SIMILAR)
    similar: Mapping[Region, RegisteredRegion] = {spellings[each].path: spellings[each] for each in found}
    return islice(similar.values() or known, CLOSEST)


def _spoken(path: Region) -> str:
    """The last part of a path as words: 'zubin potok'."""
    return path.rpartition("/")[2].replace("-", " ")


def _parent_is_registered(command: RegisterRegion, state: RegionParts | None, context: Context) -> Problems:
    if (parent := parent_of(command.path)) is None:
        return
    around = context.read(RegionParts, stream_of(parent))
    if around is None or around.find(parent) is None:
        yield FieldProblem(path="path", message=f"The region '{parent}' is not registered: register it first.")


def _is_new(command: RegisterRegion, state: RegionParts | None, context: Context) -> Problems:
    part = state.find(command.path) if state else None
    if part is not None and part.names == command.names:
        yield FieldProblem(path="path", message=f"The region '{command.path}' is registered already, with these names.")


def _has_room(command: RegisterRegion, state: RegionParts | None, context: Context) -> Problems:
    if state is not None and len(state.parts) >= ITEMS and state.find(command.path) is None:
        whose = f"'{parent}' has" if (parent := parent_of(command.path)) else "The register has"
        yield FieldProblem(
            path="path", message=f"{whose} {ITEMS:,} registered parts, the maximum: register parts of its parts."
        )


OPENINGS = (
    Opening(
        command=RegisterRegion,
        stream_of=lambda command: stream_of(command.path),
        permits=(by_operator_or(by_administrator), by_operator_or(own_authority_is_registered)),
        checks=(_parent_is_registered, _is_new, _has_room),
        record=register,
    ),
)
