"""Why a command was not carried out, as members of each result."""

import strawberry

from domain import refusals as domain


@strawberry.interface(description="Why a command was not carried out. Nothing was recorded.")
class Refusal:
    message: str = strawberry.field(description="The reason, and what would be needed, in a sentence.")


@strawberry.type(description="What is wrong with one field of an input.")
class FieldProblem:
    path: str = strawberry.field(description="Names joined by dots, list items by index: 'conditions.0.text'.")
    message: str


@strawberry.type(description="The input cannot be accepted: each problem names its field.")
class InvalidInput(Refusal):
    fields: list[FieldProblem]


@strawberry.type(description="The actor may not do this; the message says who may.")
class NotPermitted(Refusal):
    pass


@strawberry.type(description="There is nothing with this id that the actor may see.")
class NotFound(Refusal):
    pass


@strawberry.type(description="Somebody else was faster: the version expected is no longer the current one.")
class VersionConflict(Refusal):
    expected: int
    actual: int


@strawberry.type(description="The state that it is in does not allow it.")
class TransitionRefused(Refusal):
    status: str
    available: list[str] = strawberry.field(description="What the actor may do to it now.")


@strawberry.type(description="The same idempotency key came with other input.")
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
