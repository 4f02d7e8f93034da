"""The commands on requests."""

from typing import Annotated, Self

import strawberry

from domain.deployment_request import commands
from service.commands.envelope import CommandResult
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.context import Context, Info
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.refusals import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    TransitionRefused,
    VersionConflict,
)
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
        "The command was carried out (or had been, under the same idempotency key): the request as it stood after it, "
        "folded from its own events; whatever else is reached from it, as it is now and at least at that position "
        "(VIEW_BEHIND on that field where its view does not get there in time or cannot be read: the command stays "
        "recorded); and the place of its last event."
    )
)
class DeploymentRequestRecorded:
    outcome: strawberry.Private[CommandResult]
    deployment_request: DeploymentRequest
    position: Position

    @classmethod
    def of(cls, outcome: CommandResult, context: Context) -> Self:
        loaders = context.loaders(outcome.position)
        return cls(
            outcome=outcome,
            deployment_request=DeploymentRequest.of(
                outcome.state, loaders, is_past=outcome.repeated, consulted=outcome.consulted
            ),
            position=Position(outcome.position),
        )

    @strawberry.field(description="What was recorded for it.")
    async def events(self, first: First = MANY, offset: Offset = 0) -> list[RecordedEvent]:
        request = self.deployment_request
        return part(await presentation.present_result(self.outcome, request.loaders, request), first, offset)


DeploymentRequestResult = Annotated[
    DeploymentRequestRecorded
    | InvalidInput
    | NotPermitted
    | NotFound
    | VersionConflict
    | TransitionRefused
    | IdempotencyConflict,
    strawberry.union("DeploymentRequestResult"),
]


async def _carry_out(
    info: Info, command: type[object], written: object, subject: str | None
) -> DeploymentRequestResult:
    return await execute_command(info, command, written, DeploymentRequestRecorded.of, subject)


@strawberry.type
class RequestMutations:
    @strawberry.mutation(description="By a requester; it goes to the authority whose mandate covers the region.")
    async def submit_deployment_request(
        self, info: Info, input: SubmitDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.SubmitRequest, input, None)

    @strawberry.mutation(description="By a requester of the requesting authority, until it is decided.")
    async def amend_deployment_request(self, info: Info, input: AmendDeploymentRequestInput) -> DeploymentRequestResult:
        return await _carry_out(info, commands.AmendRequest, input, input.id)

    @strawberry.mutation(description="By a requester of the requesting authority, until it is decided.")
    async def withdraw_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.WithdrawRequest, input, input.id)

    @strawberry.mutation(description="By a reviewer of the deciding authority.")
    async def begin_review(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _carry_out(info, commands.BeginReview, input, input.id)

    @strawberry.mutation(description="By a reviewer: until it is known who was responsible for what is awaited.")
    async def withhold_deployment_request(
        self, info: Info, input: WithholdDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.WithholdRequest, input, input.id)

    @strawberry.mutation(description="By a reviewer, whether or not what is awaited is known.")
    async def resume_review(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _carry_out(info, commands.ResumeReview, input, input.id)

    @strawberry.mutation(description="By a reviewer who neither submitted nor amended it, once a revision.")
    async def endorse_deployment_request(
        self, info: Info, input: EndorseDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.EndorseRequest, input, input.id)

    @strawberry.mutation(description="By an approver, once enough others recommend it.")
    async def approve_deployment_request(
        self, info: Info, input: ApproveDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.ApproveRequest, input, input.id)

    @strawberry.mutation(description="By an approver.")
    async def deny_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.DenyRequest, input, input.id)

    @strawberry.mutation(description="The approver stands by an approval that is questioned.")
    async def confirm_approval(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _carry_out(info, commands.ConfirmApproval, input, input.id)

    @strawberry.mutation(description="By an approver: the approval ends.")
    async def revoke_approval(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _carry_out(info, commands.RevokeApproval, input, input.id)

    @strawberry.mutation(description="By a requester of the requesting authority, for a condition of the approval.")
    async def report_fulfilment(self, info: Info, input: ReportFulfilmentInput) -> DeploymentRequestResult:
        return await _carry_out(info, commands.ReportFulfilment, input, input.id)

    @strawberry.mutation(description="A remark on the record: it changes nothing else.")
    async def remark_on_deployment_request(
        self, info: Info, input: RemarkOnDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.RemarkOnRequest, input, input.id)

    @strawberry.mutation(description="The actor takes no further part in it, but for remarks.")
    async def recuse_from_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _carry_out(info, commands.RecuseReviewer, input, input.id)
