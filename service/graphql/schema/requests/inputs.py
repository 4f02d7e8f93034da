"""Inputs of the commands on requests. Fields match those of the domain's commands."""

from datetime import datetime

import strawberry

from domain.deployment_request.events import Recommendation
from domain.vocabulary import AnalyticConfidence, Likelihood, Marking
from service.graphql.schema.input_fields import ChangeInput, CommandInput


@strawberry.input
class PeriodInput:
    start: datetime
    end: datetime


@strawberry.input
class ConditionInput:
    text: str
    due_by: datetime | None = strawberry.UNSET


@strawberry.input
class SubmitDeploymentRequestInput(CommandInput):
    force: str
    strength: int = strawberry.field(description="Number of persons, 1 to 1,000,000.")
    region: str = strawberry.field(description="A path from the largest area down: 'xk/north/zubin-potok'.")
    purpose: str
    period: PeriodInput
    incidents: list[strawberry.ID] | None = strawberry.UNSET
    marking: Marking = Marking.AMBER
    recipients: list[str] | None = strawberry.UNSET


@strawberry.input
class ReasonedInput(ChangeInput):
    id: strawberry.ID
    reason: str


@strawberry.input(description="For commands that need only a reason.")
class DeploymentRequestCommandInput(ReasonedInput):
    urgency: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Only of a denial or a revocation: why the requesting authority cannot be heard before.",
    )


@strawberry.input(
    description=(
        "Omitted fields keep their values. An amendment that names a field raises the revision, even if the "
        "values stay the same; one that names none is refused."
    )
)
class AmendDeploymentRequestInput(ReasonedInput):
    force: str | None = strawberry.UNSET
    strength: int | None = strawberry.UNSET
    region: str | None = strawberry.field(
        default=strawberry.UNSET, description="Another region that the same authority decides on."
    )
    purpose: str | None = strawberry.UNSET
    period: PeriodInput | None = strawberry.UNSET
    incidents: list[strawberry.ID] | None = strawberry.UNSET


@strawberry.input
class WithholdDeploymentRequestInput(ReasonedInput):
    awaiting: list[strawberry.ID] = strawberry.field(description="The incidents whose attribution is awaited.")
    minimum_likelihood: Likelihood = Likelihood.LIKELY
    minimum_confidence: AnalyticConfidence = AnalyticConfidence.MODERATE
    review_by: datetime | None = strawberry.UNSET


@strawberry.input
class EndorseDeploymentRequestInput(ReasonedInput):
    recommendation: Recommendation


@strawberry.input
class AssignDeploymentRequestInput(ChangeInput):
    id: strawberry.ID
    subject: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A subject of your issuer, or 'person:ISSUER|SUBJECT'. Left out: it is assigned to nobody.",
    )
    reason: str


@strawberry.input(description="strength and period: what is granted, if less than requested.")
class ApproveDeploymentRequestInput(ReasonedInput):
    strength: int | None = strawberry.UNSET
    period: PeriodInput | None = strawberry.UNSET
    conditions: list[ConditionInput] | None = strawberry.UNSET
    valid_until: datetime | None = strawberry.UNSET


@strawberry.input
class RemarkOnDeploymentRequestInput(ReasonedInput):
    internal: bool = strawberry.field(
        default=False, description="Only the deciding authority and auditors see the text."
    )


@strawberry.input
class AskExtensionInput(ChangeInput):
    id: strawberry.ID
    until: datetime = strawberry.field(description="When the approval is to end instead.")
    reason: str


@strawberry.input
class SettleFulfilmentInput(ChangeInput):
    id: strawberry.ID
    condition: strawberry.ID
    reason: str


@strawberry.input
class ReportFulfilmentInput(ChangeInput):
    id: strawberry.ID
    condition: strawberry.ID
    report: str


@strawberry.input
class GiveNoticeInput(ChangeInput):
    id: strawberry.ID
    grounds: str = strawberry.field(description="Of the denial or revocation that is intended.")
    until: datetime = strawberry.field(description="By when a statement can be made.")


@strawberry.input
class MakeStatementInput(ChangeInput):
    id: strawberry.ID
    statement: str
