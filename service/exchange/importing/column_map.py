"""Column mapping of a spreadsheet or an event log: a TOML file, read into rules that turn a row into lines."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, tzinfo
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from service.errors import Misconfigured
from service.exchange.importing.raw_line import quoted
from service.exchange.importing.row_conditions import RowCondition, condition

UNKNOWN: Final = re.compile("unknown field `(.*)`")
EXPECTED: Final = re.compile("Expected `([a-z]+)[^`]*`, got `([a-z]+)")
"""msgspec's messages."""
KINDS: Final = {"array": "a list", "object": "a table", "str": "a text", "int": "a number"}
LISTS: Final = frozenset({"roles", "incidents", "awaiting", "evidence", "recipients"})
"""Fields with several values, which a cell holds as a separated list."""
INSTANTS: Final = frozenset(
    {"at", "start", "end", "dueBy", "validFrom", "validUntil", "reviewBy", "occurredAt", "from", "until"}
)
LONGEST: Final = 64 * 1024
"""Maximum size of a mapping, in bytes."""
LONGEST_LINE: Final = 2_000
"""Maximum length of a line of a mapping, in characters: parsing a key is quadratic in its number of parts."""
LONGEST_MESSAGE: Final = 300
MOST_LINES: Final = 100
"""Maximum number of lines from one row."""
MOST_DATES: Final = 20
LONGEST_DATE: Final = 100
LONGEST_PATH: Final = 200
MOST_PARTS: Final = 10


class LineForm(msgspec.Struct, forbid_unknown_fields=True):
    """Mapping keys of one line.

    columns: path -> column. fixed: path -> constant. values: path -> (cell -> value).
    when: column -> the value, or one of the values, that the row must have for this line to be made. '*' in a value
    stands for any text. otherwise: whether it is made only if no line before it is.
    """

    columns: dict[str, str] = {}
    fixed: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    when: dict[str, str | list[str]] = {}
    otherwise: bool = False


class MappingForm(LineForm, forbid_unknown_fields=True):
    """A mapping file.

    dates: strptime formats. timezone: zone of times without an offset. lists: separator of values in a cell.
    case: for OCEL, the type of the objects whose events form a history each.
    """

    delimiter: str = ","
    encoding: str = "utf-8-sig"
    timezone: str | None = None
    dates: list[str] = []
    lists: str = ";"
    case: str | None = None
    line: list[LineForm] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """How a row becomes one line.

    optional: no line is made if its time is empty. otherwise: only if no rule before it makes one.
    """

    columns: Mapping[str, str]
    fixed: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    when: Mapping[str, RowCondition]
    optional: bool
    otherwise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMap:
    """How a file is read: its format, and the rules for the lines of a row, in order. case: as in MappingForm."""

    delimiter: str
    encoding: str
    dates: tuple[str, ...]
    zone: tzinfo | None
    lists: str
    case: str | None
    rules: tuple[ColumnRule, ...]

    def value(self, path: str, cell: str) -> Any:
        """The value of a cell for the field at `path`."""
        field = path.rpartition(".")[2]
        if field in LISTS:
            return [part.strip() for part in cell.split(self.lists) if part.strip()]
        return self._instant(cell) if field in INSTANTS else cell

    def _instant(self, cell: str) -> str:
        """ISO 8601 with offset if the cell can be parsed; otherwise the cell itself, which is refused later."""
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


def read_mapping(path: Path | None) -> ColumnMap:
    """Reads a mapping file. Without a file, columns are named by field paths. Raises Misconfigured."""
    if path is None:
        return mapped(MappingForm())
    try:
        return mapped(_form(tomllib.loads(_text(path))))
    except OSError as error:
        raise Misconfigured(f"{path}: {error.strerror}") from None
    except RecursionError:
        raise Misconfigured(f"{path}: it is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{path}: it is no valid TOML: {str(error)[:LONGEST_MESSAGE]}") from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{path}: it is not in UTF-8: save it as UTF-8") from None
    except ValueError as error:
        raise Misconfigured(f"{path}: {error}") from None


def _form(content: dict[str, Any]) -> MappingForm:
    """Raises ValueError, naming the key."""
    try:
        return msgspec.convert(content, MappingForm)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `")
        if (unknown := UNKNOWN.search(problem)) is not None:
            keys = MappingForm.__struct_fields__ if not place else LineForm.__struct_fields__
            raise ValueError(f"there is no key {quoted(unknown[1])}: the keys are {', '.join(keys)}") from None
        key = place.rstrip("`").removeprefix("$").removeprefix(".") or "the file"
        wanted = EXPECTED.search(problem)
        kind = f", not {KINDS.get(wanted[2], wanted[2])}" if wanted else ""
        is_kind = f"must be {KINDS.get(wanted[1], wanted[1])}" if wanted else "has the wrong type"
        raise ValueError(f"{quoted(key)} {is_kind}{kind}: docs/import.md shows an example") from None


def _text(path: Path) -> str:
    """The text of a mapping file. Raises ValueError or OSError."""
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    with path.open("rb") as file:
        read = file.read(LONGEST + 1)
    if len(read) > LONGEST:
        raise ValueError(f"a mapping has at most {LONGEST:,} bytes")
    text = read.decode()
    if any(len(line) > LONGEST_LINE for line in text.splitlines()):
        raise ValueError(f"a line of a mapping has at most {LONGEST_LINE:,} characters")
    return text


def mapped(form: MappingForm) -> ColumnMap:
    """The validated mapping. Raises ValueError, naming the key."""
    if len(form.delimiter) != 1 or not form.lists:
        raise ValueError("delimiter is one character, and lists is not empty")
    if form.delimiter in '"\r\n\0':
        raise ValueError("delimiter is no quote, no line break and no NUL")
    if form.otherwise or (form.line and form.line[0].otherwise):
        raise ValueError("otherwise is for a [[line]] after the first one")
    if len(form.line) > MOST_LINES:
        raise ValueError(f"a row makes at most {MOST_LINES} lines, not {len(form.line):,}")
    _check_encoding(form.encoding)
    _check_dates(form.dates)
    rules = tuple(
        ColumnRule(
            columns={**form.columns, **line.columns},
            fixed={**form.fixed, **line.fixed},
            values={**form.values, **line.values},
            when=_conditions({**form.when, **line.when}),
            optional=bool(form.line),
            otherwise=line.otherwise,
        )
        for line in form.line or [LineForm()]
    )
    for rule in rules:
        _check(rule)
    return ColumnMap(
        delimiter=form.delimiter,
        encoding=form.encoding,
        dates=tuple(form.dates),
        zone=_zone(form.timezone),
        lists=form.lists,
        case=form.case,
        rules=rules,
    )


def check_values(mapped: ColumnMap, columns: Sequence[Mapping[str, str]]) -> None:
    """Raises Misconfigured if values are given for a field without a column. columns: of each rule, by path."""
    read = {path for own in columns for path in own}
    if unread := sorted({path for rule in mapped.rules for path in rule.values} - read):
        raise Misconfigured(
            f"values: no column is read for {quoted(unread[0])}: name one in columns, or leave its values out"
        )


def check_case(mapped: ColumnMap) -> None:
    """Raises Misconfigured if the mapping names a type of objects, in a format that has none."""
    if mapped.case is not None:
        raise Misconfigured(f"case is for OCEL logs, with the ending .json: leave out case = {quoted(mapped.case)}")


def _conditions(wanted: Mapping[str, str | list[str]]) -> Mapping[str, RowCondition]:
    """Raises ValueError, naming the column."""
    found = {}
    for column, values in wanted.items():
        try:
            found[column] = condition(values)
        except ValueError as error:
            raise ValueError(f"when: {quoted(column)}: {error}") from None
    return found


def is_path(name: str) -> bool:
    """Whether a name is within the limits of a field path."""
    return len(name) <= LONGEST_PATH and name.count(".") < MOST_PARTS


def _check(rule: ColumnRule) -> None:
    """Raises ValueError."""
    for path in (*rule.columns, *rule.fixed, *rule.values):
        if not is_path(path):
            raise ValueError(
                f"{quoted(path)} is no path: a path has at most {LONGEST_PATH} characters and {MOST_PARTS} parts"
            )
    if twice := sorted(rule.columns.keys() & rule.fixed.keys()):
        raise ValueError(
            f"{quoted(twice[0])} is in columns and in fixed, so that two values are given for one field: keep one"
        )

    check_parts({*rule.columns, *rule.fixed})


def check_parts(paths: AbstractSet[str]) -> None:
    """Raises ValueError if one path is that of a part of another one."""
    if within := sorted(paths & {parent for path in paths for parent in _parents(path)}):
        raise ValueError(f"a value is given for {quoted(within[0])} and for a part of it: keep one of them")


def _parents(path: str) -> Iterator[str]:
    """Parent paths: 'input' and 'input.period' for 'input.period.start'."""
    parts = path.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))


def _check_encoding(name: str) -> None:
    """Raises ValueError."""
    try:
        TextIOWrapper(BytesIO(), encoding=name)
    except (LookupError, ValueError):
        raise ValueError(f"encoding: {quoted(name)} is no text encoding: name one as 'utf-8' or 'cp1252'") from None


def _check_dates(forms: list[str]) -> None:
    """Raises ValueError."""
    if len(forms) > MOST_DATES or any(len(form) > LONGEST_DATE for form in forms):
        raise ValueError(f"dates are at most {MOST_DATES} forms of at most {LONGEST_DATE} characters")
    for form in forms:
        try:
            datetime.strptime("", form)  # noqa: DTZ007
        except re.error:
            raise ValueError(f"dates: {quoted(form)} names a part of a date twice") from None
        except ValueError as error:
            if "directive" in str(error) or "stray" in str(error):
                raise ValueError(f"dates: {quoted(form)} is no form of a date: write one as '%d.%m.%Y'") from None


def _zone(name: str | None) -> tzinfo | None:
    """Raises ValueError."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no timezone {quoted(name or '')}: name one as 'Europe/Vienna'") from None
