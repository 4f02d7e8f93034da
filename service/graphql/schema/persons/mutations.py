"""Commands on persons, for administrators."""

from typing import Annotated, Self

import strawberry

from domain import blocked_persons
from domain.catalogue import Command
from service.commands.envelope import CommandResult
from service.graphql.schema.authorities.own_events import own_events
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import CommandInput
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.refusals import AnyRefusal
from service.graphql.schema.scalars import Position


@strawberry.input
class BlockPersonInput(CommandInput):
    issuer: str = strawberry.field(description="The 'iss' of their tokens; 'mandate' for the register's own.")
    subject: str = strawberry.field(description="The 'sub' of their tokens.")
    reason: str


@strawberry.type(description="The command was executed: whether the person is blocked since that position.")
class PersonRecorded:
    outcome: strawberry.Private[CommandResult]
    context: strawberry.Private[Context]
    issuer: str
    subject: str
    blocked: bool
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        event = outcome.events[-1].event
        assert isinstance(event, blocked_persons.Event)
        return cls(
            outcome=outcome,
            context=context,
            issuer=event.issuer,
            subject=event.subject,
            blocked=isinstance(event, blocked_persons.PersonBlocked),
            position=Position(outcome.position),
        )

    events = own_events()


PersonResult = Annotated[PersonRecorded | AnyRefusal, strawberry.union("PersonResult")]


async def _execute(info: Info, command: type[Command], sent: CommandInput) -> PersonResult:
    return await execute_command(info, command, sent, PersonRecorded.of)


@strawberry.type
class PersonMutations:
    @strawberry.mutation(
        description=(
            "By an administrator. The person's tokens are refused (403) within a second, and their subscriptions end. "
            "Nobody blocks themselves."
        )
    )
    async def block_person(self, info: Info, input: BlockPersonInput) -> PersonResult:
        return await _execute(info, blocked_persons.BlockPerson, input)

    @strawberry.mutation(description="By an administrator.")
    async def unblock_person(self, info: Info, input: BlockPersonInput) -> PersonResult:
        return await _execute(info, blocked_persons.UnblockPerson, input)
