"""Commands on authorities and mandates, for administrators."""

from typing import Annotated, Self

import strawberry

from domain import authority, deputies, deputy_appointment, jurisdiction
from domain.catalogue import Command
from service.commands.envelope import CommandResult
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.authorities.inputs import (
    AppointDeputyInput,
    AuditingAuthorityInput,
    EndDeputyInput,
    EndMandateInput,
    GrantMandateInput,
    RegisterAuthorityInput,
)
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import CommandInput
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.refusals import AnyRefusal
from service.graphql.schema.scalars import Position


@strawberry.type(
    description="The command was executed: the authority, with its mandates as they are now, at least at that position."
)
class AuthorityRecorded:
    outcome: strawberry.Private[CommandResult]
    authority: Authority
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        loaders, event = context.loaders(outcome.position), outcome.events[-1].event
        if isinstance(event, jurisdiction.Event | deputies.Event):
            found = Authority.named(event.authority, loaders)
        else:
            assert isinstance(outcome.state, authority.Authority)
            found = Authority.of(outcome.state, loaders)
        return cls(outcome=outcome, authority=found, position=Position(outcome.position))

    @strawberry.field(description="The events that the command recorded.")
    async def events(self, first: First = MANY, offset: Offset = 0) -> list[RecordedEvent]:
        return part(
            await presentation.present_result(self.outcome, self.authority.loaders, self.authority), first, offset
        )


AuthorityResult = Annotated[AuthorityRecorded | AnyRefusal, strawberry.union("AuthorityResult")]


async def _execute(info: Info, command: type[Command], sent: CommandInput) -> AuthorityResult:
    return await execute_command(info, command, sent, AuthorityRecorded.of)


@strawberry.type
class AuthorityMutations:
    @strawberry.mutation(description="By an administrator.")
    async def register_authority(self, info: Info, input: RegisterAuthorityInput) -> AuthorityResult:
        return await _execute(info, authority.RegisterAuthority, input)

    @strawberry.mutation(description="By an administrator.")
    async def set_auditing_authority(self, info: Info, input: AuditingAuthorityInput) -> AuthorityResult:
        return await _execute(info, authority.SetAuditingAuthority, input)

    @strawberry.mutation(description="By an administrator. One mandate per region at a time.")
    async def grant_mandate(self, info: Info, input: GrantMandateInput) -> AuthorityResult:
        return await _execute(info, jurisdiction.GrantMandate, input)

    @strawberry.mutation(description="By an administrator.")
    async def end_mandate(self, info: Info, input: EndMandateInput) -> AuthorityResult:
        return await _execute(info, jurisdiction.EndMandate, input)

    @strawberry.mutation(
        description=(
            "By the principal, or an administrator of their authority. The deputy names the principal in onBehalfOf of "
            "a command. Nobody sees more as a deputy, and a deputy appoints no deputy for their principal."
        )
    )
    async def appoint_deputy(self, info: Info, input: AppointDeputyInput) -> AuthorityResult:
        return await _execute(info, deputy_appointment.AppointDeputy, input)

    @strawberry.mutation(
        description="By the principal, the deputy, or an administrator of their authority. Ends it at once."
    )
    async def end_deputy(self, info: Info, input: EndDeputyInput) -> AuthorityResult:
        return await _execute(info, deputy_appointment.EndDeputy, input)
