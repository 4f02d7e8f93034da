"""Refusals as members of each result union."""

import strawberry

from domain import refusals as domain


@strawberry.interface(description="Why a command was not carried out. Nothing was recorded.")
class Refusal:
    message: str = strawberry.field(description="The reason, and what would be needed, in one sentence.")


@strawberry.type(description="A problem with one input field.")
class FieldProblem:
    path: str = strawberry.field(description="Names joined by dots, list items by index: 'conditions.0.text'.")
    message: str


@strawberry.type(description="The input is invalid: each problem names its field.")
class InvalidInput(Refusal):
    fields: list[FieldProblem]


@strawberry.type(description="The actor may not do this; the message says who may.")
class NotPermitted(Refusal):
    pass


@strawberry.type(description="No object with this id exists, or the actor may not see it.")
class NotFound(Refusal):
    pass


@strawberry.type(description="The expected version is not the current one: the subject changed in the meantime.")
class VersionConflict(Refusal):
    expected: int
    actual: int


@strawberry.type(description="The current state does not allow the command.")
class TransitionRefused(Refusal):
    status: str
    available: list[str] = strawberry.field(description="The actions that the actor may take now.")


@strawberry.type(description="The same idempotency key was used with other input.")
class IdempotencyConflict(Refusal):
    pass


AnyRefusal = InvalidInput | NotPermitted | NotFound | VersionConflict | TransitionRefused | IdempotencyConflict


def to_refusal(refusal: domain.Refusal) -> AnyRefusal:
    match refusal:
        case domain.InvalidInput(message=message, fields=fields):
            return InvalidInput(message=message, fields=[FieldProblem(path=f.path, message=f.message) for f in fields])
        case domain.NotPermitted(message=message):
            return NotPermitted(message=message)
        case domain.NotFound(message=message):
            return NotFound(message=message)
        case domain.VersionConflict(message=message, expected=expected, actual=actual):
            return VersionConflict(message=message, expected=expected, actual=actual)
        case domain.TransitionRefused(message=message, status=status, available=available):
            return TransitionRefused(message=message, status=status, available=list(available))
        case domain.IdempotencyConflict(message=message):
            return IdempotencyConflict(message=message)
