"""Imports the register of regions from a CSV file: one command for each path, by the rules of `registerRegion`."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from domain import region, validation
from domain.attempt import DecisionAttempt
from domain.catalogue import State, evolve
from domain.decider import resolve
from domain.refusals import InvalidInput, Refusal
from domain.region import RegionName, RegionParts, RegisterRegion
from domain.vocabulary import SYSTEM, Label, Language, Region
from service.commands.append_item import to_unrecorded
from service.commands.dispatcher import Dispatch
from service.commands.envelope import CommandEnvelope, CommandResult
from service.errors import Misconfigured

COLUMNS: Final = ("path", "language", "name")

Load = Callable[[Iterable[UUID]], dict[UUID, State | None]]
"""The states of streams, as `StateCache.load`."""


class Outcome(StrEnum):
    REGISTERED = "registered"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class RegionLines:
    """A region of the file. lines: the numbers of its lines, one for each name."""

    command: RegisterRegion
    lines: tuple[int, ...]

    def place_of(self, path: str) -> tuple[int, str]:
        """The line and the column of a field of the command: 'names.1.language'. Of all names: the first line."""
        field, *within = path.split(".")
        if not within:
            return self.lines[0], {"names": "name"}.get(field, field)
        number, *column = within
        return self.lines[int(number)], column[0] if column else "name"


def read(path: Path) -> list[RegionLines]:
    """The regions of a file, each before its parts. Raises Misconfigured if the file cannot be read."""
    names: dict[str, list[RegionName]] = {}
    lines: dict[str, list[int]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
                raise Misconfigured(
                    f"{path}: the header lacks the column '{missing[0]}': it needs {', '.join(COLUMNS)}"
                )
            for row in rows:
                if None in row:
                    raise Misconfigured(f"{path}: line {rows.line_num} has more fields than the header: quote a comma")
                of, language, name = ((row[column] or "").strip() for column in COLUMNS)
                names.setdefault(of, []).append(RegionName(language=Language(language), name=Label(name)))
                lines.setdefault(of, []).append(rows.line_num)
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(f"{path} is no CSV file in UTF-8: {error}") from None
    return [
        RegionLines(RegisterRegion(path=Region(of), names=tuple(names[of])), tuple(lines[of]))
        for of in sorted(names, key=lambda of: (of.count("/"), of))
    ]


def record(
    regions: Iterable[RegionLines], load: Load, dispatch: Dispatch
) -> Iterator[tuple[RegionLines, Outcome | Refusal]]:
    """Registers the regions that have other names than in the file. Raises Unavailable."""
    for each in regions:
        if _is_unchanged(each.command, load):
            yield each, Outcome.UNCHANGED
        else:
            answer = dispatch(CommandEnvelope(command=each.command, actor=SYSTEM))
            yield each, Outcome.REGISTERED if isinstance(answer, CommandResult) else answer


def rehearse(
    regions: Iterable[RegionLines], load: Load, now: datetime
) -> Iterator[tuple[RegionLines, Outcome | Refusal]]:
    """What `record` would answer. Records nothing."""
    made: dict[UUID, State | None] = {}

    def after(streams: Iterable[UUID]) -> dict[UUID, State | None]:
        wanted = tuple(streams)
        return load(wanted) | {stream: made[stream] for stream in wanted if stream in made}

    for each in regions:
        if _is_unchanged(each.command, after):
            yield each, Outcome.UNCHANGED
        else:
            refusal = _rehearsed(each.command, after, made, now)
            yield each, refusal or Outcome.REGISTERED


def _rehearsed(command: RegisterRegion, load: Load, made: dict[UUID, State | None], now: datetime) -> Refusal | None:
    """The refusal of a command. If it is accepted, its state is added to what was made."""
    if problems := tuple(validation.problems(command)):
        return InvalidInput.of(*problems)
    attempt = DecisionAttempt.begin(command, None, actor=SYSTEM, now=now, new_id=uuid4)
    answer = resolve(attempt.decide, lambda streams: attempt.states.update(load(streams)))
    if not isinstance(answer, tuple):
        return answer
    envelope = CommandEnvelope(command=command, actor=SYSTEM)
    for event in to_unrecorded(envelope, attempt.stream_events(answer), attempt.states, SYSTEM):
        made[event.stream] = evolve(attempt.states.get(event.stream), event.at(0, now, ()))
    return None


def _is_unchanged(command: RegisterRegion, load: Load) -> bool:
    stream = region.stream_of(command.path)
    parts = load([stream])[stream]
    part = parts.find(command.path) if isinstance(parts, RegionParts) else None
    return part is not None and part.names == command.names
