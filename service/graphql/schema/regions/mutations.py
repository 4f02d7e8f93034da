"""The command on regions, for administrators."""

from typing import Annotated, Self

import strawberry

from domain import region
from service.commands.envelope import CommandResult
from service.graphql.schema.authorities.own_events import own_events
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import CommandInput
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.refusals import AnyRefusal
from service.graphql.schema.regions.types import Region
from service.graphql.schema.scalars import Position


@strawberry.input
class RegionNameInput:
    language: str = strawberry.field(description="'sq', or with the script: 'sr-Cyrl' (BCP 47).")
    name: str


@strawberry.input
class RegisterRegionInput(CommandInput):
    path: str = strawberry.field(description="A path from the largest area down: 'xk/north/zubin-potok'.")
    names: list[RegionNameInput] = strawberry.field(description="One to 20, each in another language.")


@strawberry.type(description="The command was executed: the region, with its names as recorded.")
class RegionRecorded:
    outcome: strawberry.Private[CommandResult]
    context: strawberry.Private[Context]
    region: Region
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        event = outcome.events[-1].event
        assert isinstance(event, region.Event)
        assert isinstance(outcome.state, region.RegionParts)
        state = outcome.state.find(event.path)
        assert state is not None
        return cls(
            outcome=outcome,
            context=context,
            region=Region.of(state, context.loaders(outcome.position)),
            position=Position(outcome.position),
        )

    events = own_events()


RegionResult = Annotated[RegionRecorded | AnyRefusal, strawberry.union("RegionResult")]


@strawberry.type
class RegionMutations:
    @strawberry.mutation(description="Registers a region, or replaces its names. By an administrator.")
    async def register_region(self, info: Info, input: RegisterRegionInput) -> RegionResult:
        return await execute_command(info, region.RegisterRegion, input, RegionRecorded.of)
