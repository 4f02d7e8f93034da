"""Converts client input for the domain: ids, query arguments, and inputs that become commands."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

import strawberry

from domain.catalogue import EVENTS, VOIDED
from domain.dataclass_fields import FieldType, field_types
from domain.deputies import principal_of
from domain.refusals import FieldProblem
from domain.validation import LIST_LENGTH, judge, unwritable
from domain.vocabulary import AuthorityCode, Person, Region, Text, camel, derived_id
from service.graphql.execution.cost_model import LONGEST_PAGE, PAGE
from service.graphql.execution.graphql_errors import BadUserInput
from service.instants import from_instant, last_instant, until_instant

T = TypeVar("T")
Filter = TypeVar("Filter")
Command = TypeVar("Command")

LONGEST_WORDS: Final = 200
"""Maximum characters of a filter's text."""


def given(value: T | None) -> T | None:
    """None for an omitted value: an explicit null counts as omitted."""
    return None if value is strawberry.UNSET else value


def identifier(value: str) -> UUID:
    """Parses an id. A malformed one becomes an id that no stream has, and is treated as unknown."""
    try:
        found = UUID(value)
    except ValueError:
        found = None
    if found is not None and str(found) == value.lower():
        return found
    return derived_id("malformed", value.encode("utf-8", "surrogatepass").hex())


def ids(path: str, value: str) -> UUID:
    """An id in a filter. Raises BadUserInput for anything else, such as a reference: it would find nothing."""
    wanted = words(path, value) or ""
    try:
        if str(found := UUID(wanted)) == wanted.lower():
            return found
    except ValueError:
        pass
    raise BadUserInput(path, f"'{wanted}' is no id, as '6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34'.")


def past_instant(as_of: datetime | None) -> datetime | None:
    """The instant as of which to read; of a day, its last."""
    return None if (found := given(as_of)) is None else last_instant(found)


def page_size(first: int | None, argument: str = "first") -> int:
    size = PAGE if (wanted := given(first)) is None else wanted
    if not 1 <= size <= LONGEST_PAGE:
        raise BadUserInput(argument, f"A page has 1 to {LONGEST_PAGE} items, not {size}.")
    return size


def words(path: str, value: str | None) -> str | None:
    """A string to compare with stored data. Raises BadUserInput if it cannot be stored or is too long."""
    if (found := given(value)) is None:
        return None
    if (problem := unwritable(found)) is not None:
        raise BadUserInput(path, problem)
    if len(found) > LONGEST_WORDS:
        raise BadUserInput(path, f"At most {LONGEST_WORDS} characters are accepted, not {len(found)}.")
    return found


def principal_at(issuer: str) -> Callable[[str, str], Person]:
    """A reader of a principal, as somebody of this issuer names them. It raises BadUserInput."""

    def read(path: str, value: str) -> Person:
        person = principal_of(value, issuer)
        if isinstance(person, FieldProblem):
            raise BadUserInput(path, person.message)
        return person

    return read


def several(path: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Values of a filter, combined with OR: strings or enum members."""
    if (found := given(values)) is None:
        return None
    listed = tuple(found)
    if len(listed) > LIST_LENGTH:
        raise BadUserInput(path, f"At most {LIST_LENGTH} items are accepted, not {len(listed)}.")
    for index, value in enumerate(listed):
        words(f"{path}.{index}", value)
    return listed


def region_paths(path: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Region paths; they need not exist."""
    found = several(path, values)
    for index, region in enumerate(found or ()):
        if (problem := judge(region, Region)) is not None:
            raise BadUserInput(f"{path}.{index}", problem)
    return found


def region_path(path: str, value: str | None) -> str | None:
    """The path of one region; it need not exist."""
    found = given(value)
    if found is not None and (problem := judge(found, Region)) is not None:
        raise BadUserInput(path, problem)
    return found


def code(path: str, value: str) -> str:
    """The code of an authority; it need not exist."""
    if (problem := judge(value, AuthorityCode)) is not None:
        raise BadUserInput(path, problem)
    return value


def codes(path: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Codes of authorities; they need not exist."""
    found = several(path, values)
    for index, each in enumerate(found or ()):
        code(f"{path}.{index}", each)
    return found


def event_types(path: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Names of event types. Raises BadUserInput for unknown ones, which would never occur."""
    found = several(path, values)
    for index, name in enumerate(found or ()):
        if name not in EVENTS and name not in VOIDED:
            raise BadUserInput(f"{path}.{index}", f"No event type is named '{name}'.")
    return found


def list_filter(kind: Callable[..., Filter], sent: object, /, **readers: Callable[[str, Any], Any]) -> Filter:
    """Builds a filter from the input fields with the same names. sent: the input, if given.

    readers: check and convert a value; they take its path too. Of other fields, only days are converted.
    """
    values = {}
    for field in fields(chosen) if is_dataclass(chosen := given(sent)) else ():
        if (value := given(getattr(chosen, field.name))) is not None:
            read = readers.get(field.name)
            path = f"filter.{camel(field.name.rstrip('_'))}"
            values[field.name] = read(path, value) if read else _bound(value, ends=field.name.endswith("until"))
    _check_ranges(values)
    return kind(**values)


def _bound(value: Any, *, ends: bool) -> Any:
    """The value of a field without a reader. ends: whether an instant or day is the end of a range."""
    if not isinstance(value, datetime):
        return value
    return until_instant(value) if ends else from_instant(value)


def _check_ranges(values: Mapping[str, Any]) -> None:
    """Raises BadUserInput for a range that does not end after it begins: it would find nothing."""
    for name, end in values.items():
        if name.endswith("until"):
            begins = name.removesuffix("until") + "from"
            start = values.get(begins, values.get(f"{begins}_"))
            if start is not None and end <= start:
                raise BadUserInput(
                    f"filter.{camel(name)}", f"It must lie after {camel(begins)}: else nothing is found."
                )


def command(kind: type[Command], written: object) -> Command:
    """Builds a command from the input fields with the same names. Omitted fields get the command's defaults."""
    values = {}
    for name, read in _readers(kind).items():  # type: ignore[arg-type]  # a type is hashable
        value = given(getattr(written, name))
        if value is not None:
            values[name] = read(value)
    return kind(**values)


@cache
def _readers(kind: Any) -> Mapping[str, Callable[[Any], Any]]:
    """The converter of each field of a command."""
    return {field.name: _field_reader(field) for field in field_types(kind)}


def _field_reader(field: FieldType) -> Callable[[Any], Any]:
    read = _reader(field.type)
    return (lambda values: tuple(map(read, values))) if field.many else read


def _reader(annotation: Any) -> Callable[[Any], Any]:
    """The converter of an input value to this type."""
    if annotation is Text:
        return Text
    if getattr(annotation, "__supertype__", None) is UUID:
        return identifier
    if isinstance(annotation, type) and is_dataclass(annotation):
        return lambda value: command(annotation, value)
    return lambda value: value
