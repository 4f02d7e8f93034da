"""From the fields of a line to a command of the domain, by the names and types of the command's own fields."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from domain.refusals import FieldProblem
from domain.vocabulary import ConditionId, EvidenceId, IncidentId, Text, camel, joined
from domain.wellformed import LIST_LENGTH

T = TypeVar("T")
Resolve = Callable[[Any, object], UUID]
"""From the type of an id (IncidentId ...) and what a line calls it to the id. Raises Unreadable."""

YES: Final = ("true", "yes", "1")
NO: Final = ("false", "no", "0")
LONGEST_SAID: Final = 40
"""Characters of a value that its refusal says again."""
NAMED_ELSEWHERE: Final = ("id", "incident", "idempotencyKey", "expectedVersion")
"""Fields of the API's inputs that a line has no use for: its history names the subject and is its key."""


class UnreadableValue(Exception):
    """A value that cannot be what its field holds. problems: each with its path."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = problems


class _Field(NamedTuple):
    name: str
    read: Callable[[object, str, Resolve], Any]
    needed: bool


def command(kind: type[T], written: object, resolve: Resolve, path: str = "") -> T:
    """A command from what a line says in the API's names. Raises Unreadable with all that is wrong."""
    if not isinstance(written, Mapping):
        raise UnreadableValue(FieldProblem(path=path.rstrip(".") or "input", message="An object is needed."))
    known = _fields(kind)  # type: ignore[arg-type]
    problems = [_unknown(name, path, known) for name in written if name not in known and _is_said(written[name])]
    values = {}
    for spelled, field in known.items():
        value = written.get(spelled)
        if not _is_said(value):
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
    """In UTC. Raises Unreadable."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    given = f", not '{value}'" if isinstance(value, str) and len(value) < LONGEST_SAID else ""
    raise _at(path, f"An ISO 8601 instant with offset is needed, as '2017-03-01T09:30:00+01:00'{given}.")


def string(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _at(path, "Text is needed.")
    return value


def _is_said(value: object) -> bool:
    """An explicit null is as if left out, as in the API."""
    return value is not None


def _unknown(name: object, path: str, known: Mapping[str, _Field]) -> FieldProblem:
    if name in NAMED_ELSEWHERE and not path:
        message = "Leave it out: the line's history names its subject, and is its key."
    else:
        message = f"There is no such field; there are {joined(sorted(known), 'and')}."
    return FieldProblem(path=f"{path}{name}", message=message)


@cache
def _fields(kind: Any) -> Mapping[str, _Field]:
    hints = get_type_hints(kind)
    return {
        camel(field.name): _Field(
            field.name,
            _reader(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    }


def _reader(annotation: Any) -> Callable[[object, str, Resolve], Any]:
    """How a value becomes one of this type."""
    if get_origin(annotation) in (Union, UnionType):
        return _reader(next(part for part in get_args(annotation) if part is not NoneType))
    if get_origin(annotation) is tuple:
        return _list_of(_reader(get_args(annotation)[0]))
    if annotation in (IncidentId, EvidenceId, ConditionId):
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
    try:
        return resolve(kind, value)
    except ValueError as error:
        raise _at(path, str(error)) from None


def _member(kind: type[StrEnum], value: object, path: str) -> StrEnum:
    try:
        return kind(string(value, path))
    except ValueError:
        raise _at(path, f"One of {joined([member.value for member in kind])} is needed.") from None


def _whole(value: object, path: str, resolve: Resolve) -> int:
    if isinstance(value, str) and value.strip().lstrip("-").isascii() and value.strip().lstrip("-").isdigit():
        value = int(value) if len(value) < 20 else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _at(path, "A whole number is needed.")


def _decimal(value: object, path: str, resolve: Resolve) -> float:
    try:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise _at(path, "A number is needed.")


def _truth(value: object, path: str, resolve: Resolve) -> bool:
    told = value.strip().lower() if isinstance(value, str) else value
    if told is True or told in YES:
        return True
    if told is False or told in NO:
        return False
    raise _at(path, "true or false is needed.")


def _at(path: str, message: str) -> UnreadableValue:
    return UnreadableValue(FieldProblem(path=path, message=message))


_PLAIN: Final[Mapping[Any, Callable[[object, str, Resolve], Any]]] = {
    str: lambda value, path, resolve: string(value, path),
    int: _whole,
    float: _decimal,
    bool: _truth,
}
