"""Why a command is not carried out: values that are returned, never raised. Each says what would be needed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """What is wrong with one field of an input. path: names of the API joined by dots, list items by index."""

    path: str
    message: str


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
    """Somebody else was faster: the version expected is no longer the current one."""

    message: str
    expected: int
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionRefused:
    """The state that the subject is in does not allow it. available: the actions that are open to this actor now."""

    message: str
    status: str
    available: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyConflict:
    message: str


Refusal = InvalidInput | NotPermitted | NotFound | VersionConflict | TransitionRefused | IdempotencyConflict
