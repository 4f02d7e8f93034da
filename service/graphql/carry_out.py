"""A mutation's way: the input becomes a command, the command an order, and what comes of it an answer."""

from collections.abc import Callable
from typing import TypeVar

from domain.vocabulary import Actor
from service.graphql import parse
from service.graphql.context import Context, Info
from service.graphql.parse import given, identifier
from service.graphql.refusals import AnyRefusal, refused
from service.orders import Order, Outcome

Answer = TypeVar("Answer")


async def carry_out(
    info: Info,
    command: type[object],
    written: object,
    answered: Callable[[Outcome, Context], Answer],
    subject: str | None = None,
) -> Answer | AnyRefusal:
    """subject: the id of what the command is about; None for a command that opens a stream."""
    context = info.context
    order = _order(context.actor, command, written, subject)
    outcome = await context.dispatch(order)
    return answered(outcome, context) if isinstance(outcome, Outcome) else refused(outcome)


def _order(actor: Actor, command: type[object], written: object, subject: str | None) -> Order:
    return Order(
        command=parse.command(command, written),
        actor=actor,
        subject=None if subject is None else identifier(subject),
        expected_version=given(getattr(written, "expected_version", None)),
        idempotency_key=given(getattr(written, "idempotency_key", None)),
    )
