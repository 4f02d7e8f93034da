"""Refusals of commands: values that are returned, never raised. Each message says what would be needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.vocabulary import exact_time


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """A problem with one input field. path: API names joined by dots, list items by index: 'conditions.0.dueBy'."""

    path: str
    message: str


Problems = Iterator[FieldProblem]


def past_problems(path: str, instant: datetime | None, now: datetime) -> Problems:
    """Of an instant that has to lie in the future, if it is given."""
    if instant is not None and instant <= now:
        yield FieldProblem(path=path, message=f"It must lie in the future: it is {exact_time(now)} now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidInput:
    message: str
    fields: tuple[FieldProblem, ...]

    @classmethod
    def of(cls, *fields: FieldProblem) -> "InvalidInput":
        return cls(message="; ".join(f"{field.path}: {field.message}" for field in fields), fields=fields)

    @classmethod
    def at(cls, path: str, message: str) -> "InvalidInput":
        return cls.of(FieldProblem(path=path, message=message))


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPermitted:
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionConflict:
    """The expected version is not the current one: somebody else changed the subject."""

    message: str
    expected: int
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRefused:
    """The state of the subject does not allow it. available: the actions that this actor can take now."""

    message: str
    status: str
    available: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyConflict:
    message: str


Refusal = InvalidInput | NotPermitted | NotFound | VersionConflict | TransitionRefused | IdempotencyConflict
