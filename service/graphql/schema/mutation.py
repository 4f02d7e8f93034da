"""Executes mutations: input to command, command to envelope, outcome to response."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from domain.catalogue import Command
from domain.deputies import principal_of
from domain.refusals import FieldProblem, InvalidInput
from domain.vocabulary import Actor, camel
from service.commands.envelope import CommandEnvelope, CommandResult
from service.graphql.schema import arguments
from service.graphql.schema.arguments import LONGEST_WORDS, given, identifier
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import ChangeInput, CommandInput
from service.graphql.schema.refusals import AnyRefusal, to_refusal
from service.instants import Day

Response = TypeVar("Response")


async def execute_command(
    info: Info,
    command: type[Command],
    sent: CommandInput,
    respond: Callable[[CommandResult, Context], Response],
    subject: str | None = None,
) -> Response | AnyRefusal:
    """subject: id of the stream the command is about; None for a command that opens a stream."""
    if problems := tuple(_days(sent, ())):
        return to_refusal(InvalidInput.of(*problems))
    context = info.context
    actor = _acting(context.actor, sent)
    if isinstance(actor, FieldProblem):
        return to_refusal(InvalidInput.of(actor))
    envelope = _envelope(actor, command, sent, subject)
    outcome = await context.dispatch(envelope)
    if isinstance(outcome, CommandResult):
        context.recorded[str(info.path.key)] = outcome.position
        return respond(outcome, context)
    return to_refusal(_quote_as_sent(outcome, sent) if isinstance(outcome, InvalidInput) else outcome)


def _acting(actor: Actor, sent: CommandInput) -> Actor | FieldProblem:
    """The actor, on behalf of the principal that the input names, if any."""
    if (named := given(sent.on_behalf_of)) is None:
        return actor
    principal = principal_of(named, actor.issuer)
    return principal if isinstance(principal, FieldProblem) else replace(actor, on_behalf_of=principal)


def _days(sent: Any, path: tuple[str, ...]) -> Iterator[FieldProblem]:
    """A command is about instants: what a day means there is for its author to say."""
    if isinstance(sent, Day):
        message = "An instant with its offset is needed, as '2024-11-29T18:00:00Z': only queries take a day."
        yield FieldProblem(path=".".join(path), message=message)
    elif isinstance(sent, list):
        for index, each in enumerate(sent):
            yield from _days(each, (*path, str(index)))
    elif is_dataclass(sent):
        for field in fields(sent):
            yield from _days(getattr(sent, field.name), (*path, camel(field.name)))


def _quote_as_sent(refusal: InvalidInput, sent: object) -> InvalidInput:
    """Replaces the derived ids of malformed ids in messages by the client's text."""
    ids = {str(identifier(text)): text for text in _strings(sent) if len(text) <= LONGEST_WORDS}

    def quoted(message: str) -> str:
        for derived, text in ids.items():
            message = message.replace(derived, text)
        return message

    return InvalidInput.of(*(replace(problem, message=quoted(problem.message)) for problem in refusal.fields))


def _strings(sent: Any) -> Iterator[str]:
    for each in fields(sent):
        value = getattr(sent, each.name)
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, str):
                yield item


def _envelope(actor: Actor, command: type[Command], sent: CommandInput, subject: str | None) -> CommandEnvelope:
    return CommandEnvelope(
        command=arguments.command(command, sent),
        actor=actor,
        subject=None if subject is None else identifier(subject),
        expected_version=given(sent.expected_version) if isinstance(sent, ChangeInput) else None,
        idempotency_key=given(sent.idempotency_key),
    )
