"""Commands on webhook endpoints, for administrators of their authority."""

from typing import Annotated, Self

import strawberry

from domain.catalogue import Command
from domain.refusals import FieldProblem, InvalidInput, NotPermitted
from domain.vocabulary import Role
from domain.webhook_endpoint import lifecycle
from domain.webhook_endpoint import state as domain
from domain.webhook_endpoint.events import WebhookEndpointRegistered, WebhookKeyRotated
from service.commands.envelope import CommandResult
from service.graphql.execution.sent_documents import sent_documents
from service.graphql.schema.arguments import given
from service.graphql.schema.authorities.own_events import own_events
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import ChangeInput, CommandInput
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.refusals import AnyRefusal, to_refusal
from service.graphql.schema.scalars import Position
from service.graphql.schema.webhooks.types import WebhookEndpoint

NO_KEY = "This register has no key for webhooks: its operator has to set MANDATE_WEBHOOK_KEY_FILE."
TYPES = "Types of events of requests and incidents, as in auditTrail; Reminder; Escalation. Left out: all."
ROLES = "As whom it reads. AUDITOR reads more than others, and only an auditor gives it."
DOCUMENT = (
    "The name of a trusted document without operations for commands, whose variables are at most id, reference, "
    "position and atLeast. Left out: a thin message."
)


@strawberry.input
class RegisterWebhookEndpointInput(CommandInput):
    name: str
    url: str = strawberry.field(description="'https://receiver.example/mandate'. It must contain no secret.")
    roles: list[Role] = strawberry.field(description=ROLES)
    types: list[str] | None = strawberry.field(default=strawberry.UNSET, description=TYPES)
    document: str | None = strawberry.field(default=strawberry.UNSET, description=DOCUMENT)


@strawberry.input(description="All of its terms: they replace the present ones.")
class ChangeWebhookEndpointInput(ChangeInput):
    id: strawberry.ID
    name: str
    url: str
    roles: list[Role] = strawberry.field(description=ROLES)
    types: list[str] | None = strawberry.field(default=strawberry.UNSET, description=TYPES)
    document: str | None = strawberry.field(default=strawberry.UNSET, description=DOCUMENT)
    reason: str


@strawberry.input
class WebhookEndpointInput(ChangeInput):
    id: strawberry.ID
    reason: str


@strawberry.type(description="The command was executed: the endpoint as it is now.")
class WebhookEndpointRecorded:
    outcome: strawberry.Private[CommandResult]
    context: strawberry.Private[Context]
    endpoint: WebhookEndpoint
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        assert isinstance(outcome.state, domain.WebhookEndpoint)
        loaders = context.loaders(outcome.position)
        return cls(
            outcome=outcome,
            context=context,
            endpoint=WebhookEndpoint.of(outcome.state, context, loaders),
            position=Position(outcome.position),
        )

    @strawberry.field(
        description=(
            "For signatures v1 (HMAC-SHA256): 'whsec_' and base64. Shown here alone, when the endpoint is registered "
            "and when its key is rotated, and not again if the command is repeated; otherwise null."
        )
    )
    def secret(self) -> str | None:
        keys, state = self.context.services.webhook_keys, self.endpoint.state
        is_new = isinstance(self.outcome.events[-1].event, WebhookEndpointRegistered | WebhookKeyRotated)
        if keys is None or self.outcome.repeated or not is_new:
            return None
        return keys.signing_key(state.id, state.key_generation).secret

    events = own_events()


WebhookEndpointResult = Annotated[WebhookEndpointRecorded | AnyRefusal, strawberry.union("WebhookEndpointResult")]


async def _execute(
    info: Info, command: type[Command], sent: CommandInput, subject: strawberry.ID | None = None
) -> WebhookEndpointResult:
    return await execute_command(info, command, sent, WebhookEndpointRecorded.of, subject)


def _problem(info: Info, input: RegisterWebhookEndpointInput | ChangeWebhookEndpointInput) -> AnyRefusal | None:
    """Documents are the server's, and networks its operator's, so that the domain does not know them."""
    problems: list[FieldProblem] = []
    if (message := info.context.services.receiver_problem(input.url)) is not None:
        problems.append(FieldProblem(path="url", message=message))
    if (name := given(input.document)) is not None and name not in sent_documents():
        message = f"Name one of these documents: {', '.join(sorted(sent_documents()))}."
        problems.append(FieldProblem(path="document", message=message))
    return to_refusal(InvalidInput.of(*problems)) if problems else None


@strawberry.type
class WebhookMutations:
    @strawberry.mutation(
        description=(
            "By an administrator, for their authority. It is sent the events that are recorded from then on. The "
            "answer alone has the secret."
        )
    )
    async def register_webhook_endpoint(self, info: Info, input: RegisterWebhookEndpointInput) -> WebhookEndpointResult:
        if info.context.services.webhook_keys is None:
            return to_refusal(NotPermitted(message=NO_KEY))
        if (problem := _problem(info, input)) is not None:
            return problem
        return await _execute(info, lifecycle.RegisterWebhookEndpoint, input)

    @strawberry.mutation(description="By an administrator of its authority. What is queued is sent on the new terms.")
    async def change_webhook_endpoint(self, info: Info, input: ChangeWebhookEndpointInput) -> WebhookEndpointResult:
        if (problem := _problem(info, input)) is not None:
            return problem
        return await _execute(info, lifecycle.ChangeWebhookEndpoint, input, input.id)

    @strawberry.mutation(
        description=(
            "By an administrator of its authority; by the register, if the receiver answers 410. What is queued is "
            "kept, and nothing more is queued."
        )
    )
    async def disable_webhook_endpoint(self, info: Info, input: WebhookEndpointInput) -> WebhookEndpointResult:
        return await _execute(info, lifecycle.DisableWebhookEndpoint, input, input.id)

    @strawberry.mutation(description="By an administrator of its authority. What is still queued is sent.")
    async def enable_webhook_endpoint(self, info: Info, input: WebhookEndpointInput) -> WebhookEndpointResult:
        return await _execute(info, lifecycle.EnableWebhookEndpoint, input, input.id)

    @strawberry.mutation(
        description=(
            "By an administrator of its authority: new keys for both kinds of signatures. Replaced ones sign beside "
            "them for 24 hours. The answer alone has the new secret."
        )
    )
    async def rotate_webhook_key(self, info: Info, input: WebhookEndpointInput) -> WebhookEndpointResult:
        return await _execute(info, lifecycle.RotateWebhookKey, input, input.id)
