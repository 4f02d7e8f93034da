"""Types of holds, endorsements, conditions and decisions."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from domain.deployment_request import state as domain
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import DecisionOutcome, Standing
from domain.vocabulary import AnalyticConfidence, Likelihood
from domain.vocabulary import Period as DomainPeriod
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.incidents import types as incidents
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import optional_text, required_text

if TYPE_CHECKING:
    from service.graphql.schema.incidents.types import Attribution, Incident


@strawberry.type(description="From start (inclusive) to end (exclusive).")
class Period:
    start: datetime
    end: datetime

    @classmethod
    def of(cls, period: DomainPeriod) -> Self:
        return cls(start=period.start, end=period.end)


@strawberry.type(description="Why a request is withheld, and what releases it.")
class Hold:
    loaders: strawberry.Private[Loaders]
    hold: strawberry.Private[domain.Hold]
    reason: str
    minimum_likelihood: Likelihood = strawberry.field(
        description=(
            "The hold is released when every awaited incident has a finding with at least this likelihood and "
            "this confidence."
        )
    )
    minimum_confidence: AnalyticConfidence
    review_by: datetime | None
    overdue: bool = strawberry.field(description="Whether its review is past due.")
    held_since: datetime
    held_by: Actor

    @classmethod
    def of(cls, hold: domain.Hold, loaders: Loaders) -> Self:
        return cls(
            loaders=loaders,
            hold=hold,
            reason=required_text(hold.reason),
            minimum_likelihood=hold.threshold.likelihood,
            minimum_confidence=hold.threshold.confidence,
            review_by=hold.review_by,
            overdue=hold.is_overdue(loaders.now),
            held_since=hold.held_since,
            held_by=Actor.of(hold.held_by, loaders),
        )

    @strawberry.field(description="The awaited incidents that the viewer may see.")
    async def awaiting(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Incident", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        return part(await incidents.visible_incidents(self.hold.awaiting, self.loaders), first, offset)


@strawberry.type(description="A reviewer's recommendation, with the reason.")
class Endorsement:
    by: Actor
    recommendation: Recommendation
    reason: str
    revision: int = strawberry.field(description="The revision of the terms that was reviewed.")
    endorsed_at: datetime
    counts: bool = strawberry.field(
        description="False once the terms are amended or the author has recused themselves."
    )

    @classmethod
    def of(cls, endorsement: domain.Endorsement, request: domain.DeploymentRequest, loaders: Loaders) -> Self:
        return cls(
            by=Actor.of(endorsement.by, loaders),
            recommendation=endorsement.recommendation,
            reason=required_text(endorsement.reason),
            revision=endorsement.revision,
            endorsed_at=endorsement.endorsed_at,
            counts=request.counts(endorsement),
        )


@strawberry.type(description="A condition of an approval, and whether its fulfilment was reported.")
class Condition:
    id: strawberry.ID
    text: str
    due_by: datetime | None
    fulfilled: bool
    fulfilment_report: str | None
    fulfilled_at: datetime | None

    @classmethod
    def of(cls, condition: domain.Condition) -> Self:
        return cls(
            id=strawberry.ID(str(condition.id)),
            text=required_text(condition.text),
            due_by=condition.due_by,
            fulfilled=condition.is_fulfilled,
            fulfilment_report=optional_text(condition.fulfilment_report),
            fulfilled_at=condition.fulfilled_at,
        )


@strawberry.type(description="The decision: outcome, author and grounds.")
class Decision:
    loaders: strawberry.Private[Loaders]
    decision: strawberry.Private[domain.Decision]
    outcome: DecisionOutcome
    reason: str
    decided_at: datetime
    decided_by: Actor
    valid_until: datetime | None
    granted_strength: int | None = strawberry.field(
        description="The granted strength, which may be less than requested; null for a denial."
    )
    granted_period: Period | None
    standing: Standing

    @classmethod
    def of(cls, decision: domain.Decision, loaders: Loaders) -> Self:
        return cls(
            loaders=loaders,
            decision=decision,
            outcome=decision.outcome,
            reason=required_text(decision.reason),
            decided_at=decision.decided_at,
            decided_by=Actor.of(decision.decided_by, loaders),
            valid_until=decision.valid_until,
            granted_strength=decision.granted_strength,
            granted_period=Period.of(decision.granted_period) if decision.granted_period else None,
            standing=decision.standing,
        )

    @strawberry.field(
        description=(
            "The findings that the decision was based on, as they were then. Omits incidents and evidence that "
            "the viewer may not see."
        )
    )
    async def grounds(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Attribution", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        found = await incidents.findings(self.decision.grounds, self.decision.position, self.loaders)
        return part(found, first, offset)

    @strawberry.field(description="The conditions of an approval.")
    def conditions(self, first: First = MANY, offset: Offset = 0) -> list[Condition]:
        return [Condition.of(condition) for condition in part(self.decision.conditions, first, offset)]
