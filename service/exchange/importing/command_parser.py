"""Parses the input of a line into a domain command, by the names and types of the command's fields."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from domain.dataclass_fields import FieldType, field_types
from domain.deputies import ON_BEHALF_OF
from domain.refusals import FieldProblem
from domain.validation import LIST_LENGTH
from domain.vocabulary import ConditionId, CorrectionId, EvidenceId, IncidentId, RequestId, Text, camel, joined

T = TypeVar("T")
Resolve = Callable[[Any, object], UUID]
"""(id type such as IncidentId, name in the file) -> id. Raises ValueError."""

YES: Final = ("true", "yes", "1")
NO: Final = ("false", "no", "0")
LONGEST_REPEATED: Final = 40
"""Maximum length of a value that a message repeats, in characters."""
NAMED_ELSEWHERE: Final = ("id", "incident", "idempotencyKey", "expectedVersion")
"""Input fields of the API that lines must not have: the history is the subject and the idempotency key."""


class UnreadableValue(Exception):
    """A value that its field cannot hold. problems: each with its path."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = problems


class _Field(NamedTuple):
    name: str
    read: Callable[[object, str, Resolve], Any]
    needed: bool


def command(kind: type[T], given_input: object, resolve: Resolve, path: str = "") -> T:
    """Parses a command from an input object with the API's names. Raises UnreadableValue with all problems."""
    if not isinstance(given_input, Mapping):
        raise UnreadableValue(FieldProblem(path=path.rstrip(".") or "input", message="An object is needed."))
    fields_by_name = _fields(kind)  # type: ignore[arg-type]
    problems = [
        _unknown(name, path, fields_by_name)
        for name in given_input
        if name not in fields_by_name and _is_given(given_input[name])
    ]
    values = {}
    for spelled, field in fields_by_name.items():
        value = given_input.get(spelled)
        if not _is_given(value):
            if field.needed:
                problems.append(FieldProblem(path=f"{path}{spelled}", message="It is needed."))
            continue
        try:
            values[field.name] = field.read(value, f"{path}{spelled}", resolve)
        except UnreadableValue as unreadable:
            problems.extend(unreadable.problems)
    if problems:
        raise UnreadableValue(*problems)
    return kind(**values)


def instant(value: object, path: str) -> datetime:
    """The instant in UTC. Raises UnreadableValue."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    given = f", not '{value}'" if isinstance(value, str) and len(value) < LONGEST_REPEATED else ""
    raise _at(path, f"An ISO 8601 instant with offset is needed, as '2017-03-01T09:30:00+01:00'{given}.")


def string(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _at(path, "Text is needed.")
    return value


def _is_given(value: object) -> bool:
    """Whether a value is given. An explicit null counts as absent, as in the API."""
    return value is not None


def _unknown(name: object, path: str, fields_by_name: Mapping[str, _Field]) -> FieldProblem:
    if name == ON_BEHALF_OF and not path:
        message = "Leave it out: the line's actor names the principal, in actor.onBehalfOf."
    elif name in NAMED_ELSEWHERE and not path:
        message = "Leave it out: the line's history names its subject, and is its key."
    else:
        message = f"There is no such field; there are {joined(sorted(fields_by_name), 'and')}."
    return FieldProblem(path=f"{path}{name}", message=message)


@cache
def _fields(kind: Any) -> Mapping[str, _Field]:
    needed = {each.name: each.default is MISSING and each.default_factory is MISSING for each in fields(kind)}
    return {camel(each.name): _Field(each.name, _field_reader(each), needed[each.name]) for each in field_types(kind)}


def _field_reader(field: FieldType) -> Callable[[object, str, Resolve], Any]:
    return _list_of(_reader(field.type)) if field.many else _reader(field.type)


def _reader(annotation: Any) -> Callable[[object, str, Resolve], Any]:
    """The parser of a value of this type."""
    if annotation in (IncidentId, RequestId, EvidenceId, ConditionId, CorrectionId):
        return lambda value, path, resolve: _resolved(annotation, value, path, resolve)
    if is_dataclass(annotation):
        return lambda value, path, resolve: command(annotation, value, resolve, f"{path}.")  # type: ignore[arg-type]
    if annotation is datetime:
        return lambda value, path, resolve: instant(value, path)
    if annotation is Text:
        return lambda value, path, resolve: Text(string(value, path))
    plain = getattr(annotation, "__supertype__", annotation)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return lambda value, path, resolve: _member(plain, value, path)
    return _PLAIN[plain]


def _list_of(read: Callable[[object, str, Resolve], Any]) -> Callable[[object, str, Resolve], Any]:
    def read_all(value: object, path: str, resolve: Resolve) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _at(path, "A list is needed.")
        if len(value) > LIST_LENGTH:
            raise _at(path, f"At most {LIST_LENGTH} items are accepted, not {len(value)}.")
        return tuple(read(each, f"{path}.{index}", resolve) for index, each in enumerate(value))

    return read_all


def _resolved(kind: Any, value: object, path: str, resolve: Resolve) -> UUID:
    """A cell of a CSV file is a list wherever any command has a list of that name: one element is meant."""
    try:
        return resolve(kind, value[0] if isinstance(value, list) and len(value) == 1 else value)
    except ValueError as error:
        raise _at(path, str(error)) from None


def _member(kind: type[StrEnum], value: object, path: str) -> StrEnum:
    try:
        return kind(string(value, path))
    except ValueError:
        raise _at(path, f"One of {joined([member.value for member in kind])} is needed.") from None


def _integer(value: object, path: str, resolve: Resolve) -> int:
    if isinstance(value, str) and value.strip().lstrip("-").isascii() and value.strip().lstrip("-").isdigit():
        value = int(value) if len(value) < 20 else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _at(path, "A whole number is needed.")


def _float(value: object, path: str, resolve: Resolve) -> float:
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise _at(path, "A number is needed.")


def _boolean(value: object, path: str, resolve: Resolve) -> bool:
    flag = value.strip().lower() if isinstance(value, str) else value
    if flag is True or flag in YES:
        return True
    if flag is False or flag in NO:
        return False
    raise _at(path, "true or false is needed.")


def _at(path: str, message: str) -> UnreadableValue:
    return UnreadableValue(FieldProblem(path=path, message=message))


_PLAIN: Final[Mapping[Any, Callable[[object, str, Resolve], Any]]] = {
    str: lambda value, path, resolve: string(value, path),
    int: _integer,
    float: _float,
    bool: _boolean,
}
