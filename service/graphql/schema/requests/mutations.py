"""Commands on requests."""

from typing import Annotated, Final, Self

import strawberry

from domain.deployment_request import commands
from domain.deployment_request.assignment import AssignRequest
from domain.deployment_request.changed_endorsement import ChangeEndorsement
from domain.deployment_request.extension import AskExtension, EndorseExtension, GrantExtension, RefuseExtension
from domain.deployment_request.fulfilment import AcceptFulfilment, SendBackFulfilment
from domain.deployment_request.hearing import GiveNotice, MakeStatement
from domain.deployment_request.lifecycle import Command
from domain.deployment_request.marking import ChangeRequestMarking
from domain.deployment_request.state import DeploymentRequest as DomainRequest
from domain.deployment_request.succession import TakeOverRequest
from domain.deployment_request.visibility import disclosed_to
from domain.refusals import FieldProblem, InvalidInput
from domain.visibility import viewer
from service.commands.envelope import CommandResult
from service.graphql.schema.arguments import given
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.context import Context, Info
from service.graphql.schema.input_fields import ChangeMarkingInput, CommandInput
from service.graphql.schema.mutation import execute_command
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.refusals import AnyRefusal, to_refusal
from service.graphql.schema.requests.inputs import (
    AmendDeploymentRequestInput,
    ApproveDeploymentRequestInput,
    AskExtensionInput,
    AssignDeploymentRequestInput,
    DeploymentRequestCommandInput,
    EndorseDeploymentRequestInput,
    GiveNoticeInput,
    MakeStatementInput,
    RemarkOnDeploymentRequestInput,
    ReportFulfilmentInput,
    SettleFulfilmentInput,
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
        request = disclosed_to(viewer(loaders.actor, registered=True, holds=()), outcome.state)
        return cls(
            outcome=outcome,
            deployment_request=DeploymentRequest.of(
                request, loaders, is_past=outcome.repeated, consulted=outcome.consulted
            ),
            position=Position(outcome.position),
        )

    @strawberry.field(description="The events that the command recorded.")
    async def events(self, first: First = MANY, offset: Offset = 0) -> list[RecordedEvent]:
        request = self.deployment_request
        return part(await presentation.present_result(self.outcome, request.loaders, request), first, offset)


URGENT: Final = (commands.DenyRequest, commands.RevokeApproval)
"""The commands before which the requesting authority may have to be heard."""
DeploymentRequestResult = Annotated[DeploymentRequestRecorded | AnyRefusal, strawberry.union("DeploymentRequestResult")]


async def _execute(
    info: Info, command: type[Command], sent: CommandInput, subject: str | None
) -> DeploymentRequestResult:
    if isinstance(sent, DeploymentRequestCommandInput) and given(sent.urgency) is not None and command not in URGENT:
        message = "Only a denial or a revocation can be urgent: leave it out."
        return to_refusal(InvalidInput.of(FieldProblem(path="urgency", message=message)))
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

    @strawberry.mutation(
        description="By an approver of the authority whose mandate covers the region, once the register has recorded "
        "that the mandate of the deciding authority has ended. The review starts again, and no endorsement counts."
    )
    async def take_over_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _execute(info, TakeOverRequest, input, input.id)

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

    @strawberry.mutation(
        description="By a reviewer, until the decision: replaces their endorsement of the current revision, which "
        "stays on record and no longer counts."
    )
    async def change_endorsement(self, info: Info, input: EndorseDeploymentRequestInput) -> DeploymentRequestResult:
        return await _execute(info, ChangeEndorsement, input, input.id)

    @strawberry.mutation(
        description="By a reviewer or approver, before the decision. It is shown, and others may act all the same."
    )
    async def assign_deployment_request(
        self, info: Info, input: AssignDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _execute(info, AssignRequest, input, input.id)

    @strawberry.mutation(description="By an approver, after enough reviewers recommend it.")
    async def approve_deployment_request(
        self, info: Info, input: ApproveDeploymentRequestInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.ApproveRequest, input, input.id)

    @strawberry.mutation(
        description="By an approver, if the mandate requires a hearing: names the grounds of a denial or a revocation "
        "to the requesting authority, and until when it may make a statement."
    )
    async def give_notice(self, info: Info, input: GiveNoticeInput) -> DeploymentRequestResult:
        return await _execute(info, GiveNotice, input, input.id)

    @strawberry.mutation(description="By a requester of the requesting authority, after a notice and within its time.")
    async def make_statement(self, info: Info, input: MakeStatementInput) -> DeploymentRequestResult:
        return await _execute(info, MakeStatement, input, input.id)

    @strawberry.mutation(
        description="By an approver. If the mandate requires a hearing: after a statement or its time, or with urgency."
    )
    async def deny_deployment_request(
        self, info: Info, input: DeploymentRequestCommandInput
    ) -> DeploymentRequestResult:
        return await _execute(info, commands.DenyRequest, input, input.id)

    @strawberry.mutation(description="By an approver: confirms an approval that is questioned.")
    async def confirm_approval(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, commands.ConfirmApproval, input, input.id)

    @strawberry.mutation(description="By an approver: ends the approval. Hearing and urgency as of a denial.")
    async def revoke_approval(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, commands.RevokeApproval, input, input.id)

    @strawberry.mutation(
        description="By a requester of the requesting authority. The approval stands meanwhile, and ends as before "
        "unless the extension is granted."
    )
    async def ask_extension(self, info: Info, input: AskExtensionInput) -> DeploymentRequestResult:
        return await _execute(info, AskExtension, input, input.id)

    @strawberry.mutation(
        description="By a reviewer who neither submitted nor amended the request, nor asked for the extension; once."
    )
    async def endorse_extension(self, info: Info, input: EndorseDeploymentRequestInput) -> DeploymentRequestResult:
        return await _execute(info, EndorseExtension, input, input.id)

    @strawberry.mutation(
        description="By an approver, after as many reviewers recommend it as an approval needs: moves the end of the "
        "granted period and of its validity."
    )
    async def grant_extension(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, GrantExtension, input, input.id)

    @strawberry.mutation(description="By an approver: the approval ends as it would have.")
    async def refuse_extension(self, info: Info, input: DeploymentRequestCommandInput) -> DeploymentRequestResult:
        return await _execute(info, RefuseExtension, input, input.id)

    @strawberry.mutation(description="By a requester of the requesting authority, for a condition of the approval.")
    async def report_fulfilment(self, info: Info, input: ReportFulfilmentInput) -> DeploymentRequestResult:
        return await _execute(info, commands.ReportFulfilment, input, input.id)

    @strawberry.mutation(description="By an approver: accepts a reported fulfilment.")
    async def accept_fulfilment(self, info: Info, input: SettleFulfilmentInput) -> DeploymentRequestResult:
        return await _execute(info, AcceptFulfilment, input, input.id)

    @strawberry.mutation(description="By an approver: sends a reported fulfilment back. It is to be reported again.")
    async def send_back_fulfilment(self, info: Info, input: SettleFulfilmentInput) -> DeploymentRequestResult:
        return await _execute(info, SendBackFulfilment, input, input.id)

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

    @strawberry.mutation(
        description="Raised by a reviewer or approver; lowered by an approver, after a requester proposed it."
    )
    async def change_deployment_request_marking(self, info: Info, input: ChangeMarkingInput) -> DeploymentRequestResult:
        return await _execute(info, ChangeRequestMarking, input, input.id)
