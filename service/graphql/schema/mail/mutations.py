"""Commands of persons on their mail subscriptions."""

from dataclasses import dataclass
from typing import Annotated, Self

import strawberry

from domain.catalogue import Command
from domain.mail_address import is_address
from domain.mail_subscription import lifecycle
from domain.mail_subscription import state as domain
from domain.refusals import InvalidInput, NotPermitted
from domain.vocabulary import Role, joined
from service.access.mail_confirmation import MailConfirmation
from service.commands.envelope import CommandResult
from service.graphql.schema.arguments import identifier
from service.graphql.schema.authorities.own_events import own_events
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import ChangeInput, CommandInput
from service.graphql.schema.mail.types import MailSubscription
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.refusals import AnyRefusal, to_refusal
from service.graphql.schema.scalars import Position

NO_MAIL = "This register sends no mail: its operator has to set MANDATE_SMTP_HOST and MANDATE_WEBHOOK_KEY_FILE."
TYPES = (
    "Types of events of requests and incidents, as in auditTrail; Reminder; Escalation. Left out: reminders, "
    "escalations and decisions."
)


@strawberry.input
class SubscribeMailInput(CommandInput):
    address: str = strawberry.field(description="'ana.h@pristina.example'. It is shown to those of your authority.")
    roles: list[Role] | None = strawberry.field(
        default=strawberry.UNSET, description="As whom it reads, and is reminded. Left out: all that you have."
    )
    types: list[str] | None = strawberry.field(default=strawberry.UNSET, description=TYPES)


@strawberry.input
class ConfirmMailSubscriptionInput(ChangeInput):
    id: strawberry.ID
    code: str = strawberry.field(description="As it was sent to the address: 'ABCD-EFGH-2345'.")


@dataclass(kw_only=True)
class _JudgedInput(ConfirmMailSubscriptionInput):
    is_right: bool


@strawberry.input
class MailSubscriptionInput(ChangeInput):
    id: strawberry.ID
    reason: str


@strawberry.type(description="The command was executed: the subscription as it is now.")
class MailSubscriptionRecorded:
    outcome: strawberry.Private[CommandResult]
    context: strawberry.Private[Context]
    subscription: MailSubscription
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        assert isinstance(outcome.state, domain.MailSubscription)
        subscription = MailSubscription.of(outcome.state, context.loaders(outcome.position))
        return cls(outcome=outcome, context=context, subscription=subscription, position=Position(outcome.position))

    events = own_events()


MailSubscriptionResult = Annotated[MailSubscriptionRecorded | AnyRefusal, strawberry.union("MailSubscriptionResult")]


async def _execute(
    info: Info, command: type[Command], sent: CommandInput, subject: strawberry.ID | None = None
) -> MailSubscriptionResult:
    return await execute_command(info, command, sent, MailSubscriptionRecorded.of, subject)


def _domain_problem(mail: MailConfirmation, address: str) -> AnyRefusal | None:
    """Domains are the operator's, so that the domain does not know them."""
    if not is_address(address) or mail.admits(address):
        return None
    message = f"Mail is sent to addresses of {joined(sorted(mail.domains), 'and')} alone."
    return to_refusal(InvalidInput.at("address", message))


@strawberry.type
class MailMutations:
    @strawberry.mutation(description="By a person, for themselves. A code is sent to the address, to confirm it with.")
    async def subscribe_mail(self, info: Info, input: SubscribeMailInput) -> MailSubscriptionResult:
        if (mail := info.context.services.mail) is None:
            return to_refusal(NotPermitted(message=NO_MAIL))
        if (problem := _domain_problem(mail, input.address)) is not None:
            return problem
        return await _execute(info, lifecycle.SubscribeMail, input)

    @strawberry.mutation(description="By whoever subscribed. It is sent what is recorded or falls due from then on.")
    async def confirm_mail_subscription(
        self, info: Info, input: ConfirmMailSubscriptionInput
    ) -> MailSubscriptionResult:
        mail = info.context.services.mail
        is_right = mail is not None and mail.accepts(identifier(input.id), input.code)
        judged = _JudgedInput(**vars(input), is_right=is_right)
        return await _execute(info, lifecycle.ConfirmMailSubscription, judged, input.id)

    @strawberry.mutation(
        description=(
            "By whoever subscribed, or an administrator of their authority; by the register, if the address is "
            "refused. What is queued is kept, and nothing more is queued."
        )
    )
    async def disable_mail_subscription(self, info: Info, input: MailSubscriptionInput) -> MailSubscriptionResult:
        return await _execute(info, lifecycle.DisableMailSubscription, input, input.id)

    @strawberry.mutation(description="By whoever subscribed, while they have its roles. What is still queued is sent.")
    async def enable_mail_subscription(self, info: Info, input: MailSubscriptionInput) -> MailSubscriptionResult:
        return await _execute(info, lifecycle.EnableMailSubscription, input, input.id)
