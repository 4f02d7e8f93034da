"""Commands on requests."""

from typing import Annotated, Self

import strawberry

from domain.deployment_request import commands
from domain.deployment_request.lifecycle import Command
from domain.deployment_request.state import DeploymentRequest as DomainRequest
from service.commands.envelope import CommandResult
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import CommandInput
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.refusals import AnyRefusal
from service.graphql.schema.requests.inputs import (
    AmendDeploymentRequestInput,
    ApproveDeploymentRequestInput,
    DeploymentRequestCommandInput,
    EndorseDeploymentRequestInput,
    RemarkOnDeploymentRequestInput,
    ReportFulfilmentInput,
    SubmitDeploymentRequestInput,
    WithholdDeploymentRequestInput,
)
from service.graphql.schema.requests.types import DeploymentRequest
from service.graphql.schema.scalars import Position


@strawberry.type(
    description=(
        "The command was executed (or had been, under the same idempotency key). deploymentRequest is the "
        "request as it was after the command, folded from its own events. Objects reached from it are as they "
        "are now, at least at that position; VIEW_BEHIND on such a field means that its view did not get "
        "there in time or could not be read: the command stays recorded. position is that of the last event."
    )
)
class DeploymentRequestRecorded:
    outcome: strawberry.Private[CommandResult]
    deployment_request: DeploymentRequest
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        assert isinstance(outcome.state, DomainRequest)
        loaders = context.loaders(outcome.position)
        return cls(
            outcome=outcome,
            deployment_request=DeploymentRequest.of(
                outcome.state, loaders, is_past=outcome.repeated, consulted=outcome.consulted
            ),
            position=Position(outcome.position),
        )

    @strawberry.field(description="The events that the command recorded.")
    async def events(self, first: First = MANY, offset: Offset = 0) -> list[RecordedEvent]:
        request = self.deployment_request
        return part(await presentation.present_result(self.outcome, request.loaders, request), first, offset)


DeploymentRequestResult = Annotated[DeploymentRequestRecorded | AnyRefusal, strawberry.union("DeploymentRequestResult")]


async def _execute(
    info: Info, command: type[Command], sent: CommandInput, subject: str | None
) -> DeploymentRequestResult:
    return await execute_command(info, command, sent, DeploymentRequestRecorded.of, subject)


@strawberry.type
class RequestMutations:
    @strawberry.mutation(description="By a requester. The authority whose mandate covers the region decides.")
    async def submit_deployment_request(
        self, info: Info, input: SubmitDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.SubmitRequest, input, None)

    @strawberry.mutation(description="By a requester of the requesting authority, before the decision.")
    async def amend_deployment_request(self, info: Info, input: AmendDeploymentRequestInput) -> DeploymentRequestResult:
        return await _execute(info, commands.AmendRequest, input, input.id)

    @strawberry.mutation(description="By a requester of the requesting authority, before the decision.")
    async def withdraw_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.WithdrawRequest, input, input.id)

    @strawberry.mutation(description="By a reviewer of the deciding authority.")
    async def begin_review(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, commands.BeginReview, input, input.id)

    @strawberry.mutation(description="By a reviewer: suspends the review until the awaited incidents are attributed.")
    async def withhold_deployment_request(
        self, info: Info, input: WithholdDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.WithholdRequest, input, input.id)

    @strawberry.mutation(description="By a reviewer, whether or not the awaited incidents are attributed.")
    async def resume_review(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, commands.ResumeReview, input, input.id)

    @strawberry.mutation(description="By a reviewer who neither submitted nor amended it, once per revision.")
    async def endorse_deployment_request(
        self, info: Info, input: EndorseDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.EndorseRequest, input, input.id)

    @strawberry.mutation(description="By an approver, after enough reviewers recommend it.")
    async def approve_deployment_request(
        self, info: Info, input: ApproveDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.ApproveRequest, input, input.id)

    @strawberry.mutation(description="By an approver.")
    async def deny_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.DenyRequest, input, input.id)

    @strawberry.mutation(description="By an approver: confirms an approval that is questioned.")
    async def confirm_approval(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, commands.ConfirmApproval, input, input.id)

    @strawberry.mutation(description="By an approver: ends the approval.")
    async def revoke_approval(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, commands.RevokeApproval, input, input.id)

    @strawberry.mutation(description="By a requester of the requesting authority, for a condition of the approval.")
    async def report_fulfilment(self, info: Info, input: ReportFulfilmentInput) -> DeploymentRequestResult:
        return await _execute(info, commands.ReportFulfilment, input, input.id)

    @strawberry.mutation(description="Records a remark; changes nothing else.")
    async def remark_on_deployment_request(
        self, info: Info, input: RemarkOnDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.RemarkOnRequest, input, input.id)

    @strawberry.mutation(description="The actor takes no further part in the request, except for remarks.")
    async def recuse_from_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.RecuseReviewer, input, input.id)
