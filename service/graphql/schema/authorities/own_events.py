"""The events of a command whose subject in the audit trail is the actor's authority."""

from typing import Any, Protocol

import strawberry

from service.commands.envelope import CommandResult
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.context import Context
from service.graphql.schema.offset_pagination import MANY, First, Offset, part


class _Recorded(Protocol):
    """The result of such a command."""

    outcome: CommandResult
    context: Context


def own_events() -> Any:
    """The field of a result."""
    return strawberry.field(
        resolver=_events, description="The events that the command recorded. Their subject is your authority."
    )


async def _events(self: _Recorded, first: First = MANY, offset: Offset = 0) -> list[RecordedEvent]:
    loaders = self.context.loaders(self.outcome.position)
    own = Authority.named(self.context.actor.authority, loaders)
    return part(await presentation.present_result(self.outcome, loaders, own), first, offset)
