"""What the columns of a spreadsheet stand for: a TOML file, read into the rules by which a row makes lines."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from service.errors import Misconfigured

LISTS: Final = frozenset({"roles", "incidents", "awaiting", "evidence", "recipients"})
"""Fields that hold several values: a cell has them one after another."""
INSTANTS: Final = frozenset({"at", "start", "end", "dueBy", "validFrom", "validUntil", "reviewBy", "occurredAt"})
LONGEST: Final = 256 * 1024
"""Bytes of a mapping."""


class LineForm(msgspec.Struct, forbid_unknown_fields=True):
    """columns: path -> column. fixed: path -> the same for every row. values: path -> what a cell stands for.

    when: column -> the cell that a row must have to make this line.
    """

    columns: dict[str, str] = {}
    fixed: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    when: dict[str, str] = {}


class MappingForm(LineForm, forbid_unknown_fields=True):
    """dates: forms of strptime. timezone: of times without an offset. lists: what parts the values of a cell."""

    delimiter: str = ","
    encoding: str = "utf-8-sig"
    timezone: str | None = None
    dates: list[str] = []
    lists: str = ";"
    line: list[LineForm] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a row makes one line. optional: it makes none where its time is left blank."""

    columns: Mapping[str, str]
    fixed: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    when: Mapping[str, str]
    optional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """How a file is read: its form, and the lines that each of its rows makes, in their order."""

    delimiter: str
    encoding: str
    dates: tuple[str, ...]
    zone: tzinfo | None
    lists: str
    rules: tuple[Rule, ...]

    def value(self, path: str, cell: str) -> Any:
        """What a cell holds, as a line says it."""
        field = path.rpartition(".")[2]
        if field in LISTS:
            return [part.strip() for part in cell.split(self.lists) if part.strip()]
        return self._instant(cell) if field in INSTANTS else cell

    def _instant(self, cell: str) -> str:
        """As ISO 8601 with offset where it can be; what cannot be stays, and is refused as it is."""
        for form in self.dates:
            try:
                return self._with_zone(datetime.strptime(cell, form))  # noqa: DTZ007
            except ValueError:
                continue
        try:
            return self._with_zone(datetime.fromisoformat(cell))
        except ValueError:
            return cell

    def _with_zone(self, at: datetime) -> str:
        return (at if at.tzinfo is not None or self.zone is None else at.replace(tzinfo=self.zone)).isoformat()


def read_mapping(path: Path | None) -> Mapped:
    """The mapping in a file; without one, columns have the names of what they hold. Raises Misconfigured."""
    if path is None:
        return mapped(MappingForm())
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST).decode()
        return mapped(msgspec.convert(tomllib.loads(text), MappingForm))
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from None
    except (ValueError, LookupError) as error:
        raise Misconfigured(f"{path}: {error}") from None


def mapped(form: MappingForm) -> Mapped:
    """Raises ValueError or LookupError where it cannot be."""
    if len(form.delimiter) != 1 or not form.lists:
        raise ValueError("delimiter is one character, and lists is not empty")
    "".encode(form.encoding)
    rules = tuple(
        Rule(
            columns={**form.columns, **line.columns},
            fixed={**form.fixed, **line.fixed},
            values={**form.values, **line.values},
            when={**form.when, **line.when},
            optional=bool(form.line),
        )
        for line in form.line or [LineForm()]
    )
    return Mapped(
        delimiter=form.delimiter,
        encoding=form.encoding,
        dates=tuple(form.dates),
        zone=ZoneInfo(form.timezone) if form.timezone else None,
        lists=form.lists,
        rules=rules,
    )
