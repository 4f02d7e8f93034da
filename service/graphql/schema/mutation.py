"""A mutation's way: the input becomes a command, the command an order, and what comes of it an answer."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

from domain.refusals import InvalidInput
from domain.vocabulary import Actor
from service.commands.envelope import CommandEnvelope, CommandResult
from service.graphql.schema import arguments
from service.graphql.schema.arguments import LONGEST_WORDS, given, identifier
from service.graphql.schema.context import Context, Info
from service.graphql.schema.refusals import AnyRefusal, to_refusal

Answer = TypeVar("Answer")


async def execute_command(
    info: Info,
    command: type[object],
    written: object,
    answered: Callable[[CommandResult, Context], Answer],
    subject: str | None = None,
) -> Answer | AnyRefusal:
    """subject: the id of what the command is about; None for a command that opens a stream."""
    context = info.context
    envelope = _order(context.actor, command, written, subject)
    outcome = await context.dispatch(envelope)
    if isinstance(outcome, CommandResult):
        context.recorded[str(info.path.key)] = outcome.position
        return answered(outcome, context)
    return to_refusal(_as_written(outcome, written) if isinstance(outcome, InvalidInput) else outcome)


def _as_written(refusal: InvalidInput, written: object) -> InvalidInput:
    """Ids of a wrong form quoted as the client wrote them, and not as what stood for them."""
    ids = {str(identifier(text)): text for text in _strings(written) if len(text) <= LONGEST_WORDS}

    def quoted(message: str) -> str:
        for stood_in, text in ids.items():
            message = message.replace(stood_in, text)
        return message

    return InvalidInput.of(*(replace(problem, message=quoted(problem.message)) for problem in refusal.fields))


def _strings(written: Any) -> Iterator[str]:
    for each in fields(written):
        value = getattr(written, each.name)
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, str):
                yield item


def _order(actor: Actor, command: type[object], written: object, subject: str | None) -> CommandEnvelope:
    return CommandEnvelope(
        command=arguments.command(command, written),
        actor=actor,
        subject=None if subject is None else identifier(subject),
        expected_version=given(getattr(written, "expected_version", None)),
        idempotency_key=given(getattr(written, "idempotency_key", None)),
    )
