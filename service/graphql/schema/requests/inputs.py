"""The inputs of the commands on requests. Their fields are those of the domain's commands, name for name."""

from datetime import datetime

import strawberry

from domain.deployment_request.events import Recommendation
from domain.vocabulary import AnalyticConfidence, Likelihood, Marking
from service.graphql.schema.input_fields import expected_version, idempotency_key


@strawberry.input
class PeriodInput:
    start: datetime
    end: datetime


@strawberry.input
class ConditionInput:
    text: str
    due_by: datetime | None = strawberry.UNSET


@strawberry.input
class SubmitDeploymentRequestInput:
    force: str
    strength: int = strawberry.field(description="Persons, 1 to 1,000,000.")
    region: str = strawberry.field(description="A path from the whole to the part: 'xk/north/zubin-potok'.")
    purpose: str
    period: PeriodInput
    incidents: list[strawberry.ID] | None = strawberry.UNSET
    marking: Marking = Marking.AMBER
    recipients: list[str] | None = strawberry.UNSET
    idempotency_key: str | None = idempotency_key()


@strawberry.input(
    description=(
        "What is left out stays as it is. An amendment that names a field raises the revision, also where the terms "
        "come out the same; one that names none is refused."
    )
)
class AmendDeploymentRequestInput:
    id: strawberry.ID
    force: str | None = strawberry.UNSET
    strength: int | None = strawberry.UNSET
    purpose: str | None = strawberry.UNSET
    period: PeriodInput | None = strawberry.UNSET
    incidents: list[strawberry.ID] | None = strawberry.UNSET
    reason: str
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="For the commands that need no more than a reason.")
class DeploymentRequestCommandInput:
    id: strawberry.ID
    reason: str
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input
class WithholdDeploymentRequestInput:
    id: strawberry.ID
    reason: str
    awaiting: list[strawberry.ID] = strawberry.field(description="The incidents whose attribution is awaited.")
    minimum_likelihood: Likelihood = Likelihood.LIKELY
    minimum_confidence: AnalyticConfidence = AnalyticConfidence.MODERATE
    review_by: datetime | None = strawberry.UNSET
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input
class EndorseDeploymentRequestInput:
    id: strawberry.ID
    recommendation: Recommendation
    reason: str
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input(description="What is granted, where it is less than was asked for: strength, period.")
class ApproveDeploymentRequestInput:
    id: strawberry.ID
    reason: str
    strength: int | None = strawberry.UNSET
    period: PeriodInput | None = strawberry.UNSET
    conditions: list[ConditionInput] | None = strawberry.UNSET
    valid_until: datetime | None = strawberry.UNSET
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input
class RemarkOnDeploymentRequestInput:
    id: strawberry.ID
    reason: str
    internal: bool = strawberry.field(
        default=False, description="Its text is for the deciding authority and auditors alone."
    )
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()


@strawberry.input
class ReportFulfilmentInput:
    id: strawberry.ID
    condition: strawberry.ID
    report: str
    expected_version: int | None = expected_version()
    idempotency_key: str | None = idempotency_key()
