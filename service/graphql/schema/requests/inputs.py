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


@strawberry.input(description="For commands that need only a reason.")
class DeploymentRequestCommandInput(ChangeInput):
    id: strawberry.ID
    reason: str


@strawberry.input(
    description=(
        "Omitted fields keep their values. An amendment that names a field raises the revision, even if the "
        "values stay the same; one that names none is refused."
    )
)
class AmendDeploymentRequestInput(DeploymentRequestCommandInput):
    force: str | None = strawberry.UNSET
    strength: int | None = strawberry.UNSET
    purpose: str | None = strawberry.UNSET
    period: PeriodInput | None = strawberry.UNSET
    incidents: list[strawberry.ID] | None = strawberry.UNSET


@strawberry.input
class WithholdDeploymentRequestInput(DeploymentRequestCommandInput):
    awaiting: list[strawberry.ID] = strawberry.field(description="The incidents whose attribution is awaited.")
    minimum_likelihood: Likelihood = Likelihood.LIKELY
    minimum_confidence: AnalyticConfidence = AnalyticConfidence.MODERATE
    review_by: datetime | None = strawberry.UNSET


@strawberry.input
class EndorseDeploymentRequestInput(DeploymentRequestCommandInput):
    recommendation: Recommendation


@strawberry.input(description="strength and period: what is granted, if less than requested.")
class ApproveDeploymentRequestInput(DeploymentRequestCommandInput):
    strength: int | None = strawberry.UNSET
    period: PeriodInput | None = strawberry.UNSET
    conditions: list[ConditionInput] | None = strawberry.UNSET
    valid_until: datetime | None = strawberry.UNSET


@strawberry.input
class RemarkOnDeploymentRequestInput(DeploymentRequestCommandInput):
    internal: bool = strawberry.field(
        default=False, description="Only the deciding authority and auditors see the text."
    )


@strawberry.input
class ReportFulfilmentInput(ChangeInput):
    id: strawberry.ID
    condition: strawberry.ID
    report: str
